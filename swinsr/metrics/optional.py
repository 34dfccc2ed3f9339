"""Learned and no-reference metrics (LPIPS, DISTS, NIQE, ...) through the package pyiqa, if there.

pyiqa brings its own networks and downloads their weights; it is imported when first asked for.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from traceback import walk_tb

import numpy as np
from PIL import Image as PillowImage

from swinsr.errors import ConfigError, DownloadError, ImageError
from swinsr.install import install_extra
from swinsr.metrics.pair import Image, make_pair, require_rgb

Metric = Callable[[Image, Image], float]


def pyiqa_metric(name: str, *, device: str = "cpu", border: int = 0) -> Metric:
    """A metric of pyiqa as a function of two RGB images.

    Args:
        name: pyiqa's name of the metric, as "lpips", "dists" or "niqe".
        device: where it runs, in PyTorch's words.
        border: pixels removed from each edge first.

    Returns:
        A function (sr, hr) -> score for (height, width, 3) uint8 images. A metric without
        reference looks at sr alone. Whether lower is better is the metric's own matter. The
        function raises ShapeMismatchError as `psnr_y` does, and ImageError for other types.

    Raises:
        ConfigError: pyiqa, or a package that the metric needs, cannot be imported; or pyiqa does
            not know the name.
        DownloadError: a file of the metric's is not on this machine and cannot be fetched. The
            function raises it as well, for metrics that fetch files when they are first used.
    """
    try:
        pyiqa = import_module("pyiqa")
    except (ImportError, RuntimeError, OSError) as error:  # the latter from compiled packages
        raise ConfigError(
            f"The metric {name!r} needs the package pyiqa, which cannot be imported ({error}); "
            f"run: {install_extra('metrics')}"
        ) from error
    known = list(pyiqa.list_models())
    if name not in known:
        raise ConfigError(f"pyiqa has no metric {name!r}; it has: {', '.join(known)}")
    with _telling(name):
        metric = pyiqa.create_metric(name, device=device)
    full_reference = metric.metric_mode == "FR"

    def score(sr: Image, hr: Image) -> float:
        pair = make_pair(sr, hr, border=border)
        require_rgb(pair)
        if pair.sr.dtype != np.uint8:
            raise ImageError(f"The metric {name!r} takes uint8 images, not {pair.sr.dtype}")
        images = [pair.sr, pair.hr] if full_reference else [pair.sr]
        pictures = [PillowImage.fromarray(np.ascontiguousarray(image)) for image in images]
        with _telling(name):
            return float(metric(*pictures))

    return score


@contextmanager
def _telling(name: str) -> Iterator[None]:
    """Say in one sentence what a metric lacks.

    Raises:
        DownloadError: a file, with where it would come from and where it would lie.
        ConfigError: a package.
    """
    try:
        yield
    except ImportError as error:
        raise ConfigError(
            f"The metric {name!r} needs a package that cannot be imported ({error}); install it, "
            "or leave the metric out"
        ) from error
    except OSError as error:
        found = _names_in(error)
        source = found.get("url") or found.get("repo_id")
        place = found.get("cached_file") or found.get("dst")
        wanted = found.get("filename") or (source or "").rpartition("/")[2]
        raise DownloadError(
            f"The metric {name!r} needs {'the file ' + wanted if wanted else 'a file'}, which is "
            "not on this machine and cannot be fetched"
            + (f" from {source}" if source else "")
            + f" ({_reason(error)}); run it once with a network, "
            + (f"or put the file at {place}." if place else "or leave the metric out.")
        ) from error


def _names_in(error: BaseException) -> dict[str, str]:
    """The texts that the functions which failed had under names of addresses and files.

    Libraries' errors tell neither the address nor the place; the outermost function that knows it
    says it best.
    """
    found: dict[str, str] = {}
    for frame, _ in walk_tb(error.__traceback__):
        for key in ("url", "repo_id", "cached_file", "dst", "filename"):
            value = frame.f_locals.get(key)
            if isinstance(value, str) and value:
                found.setdefault(key, value)
    return found


def _reason(error: OSError) -> str:
    """The error in one line."""
    reason = getattr(error, "reason", None) or error.strerror or error
    return " ".join(str(reason).split()) or type(error).__name__
