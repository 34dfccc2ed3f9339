"""Learned and no-reference metrics (LPIPS, DISTS, NIQE, ...) through the package pyiqa, if there.

pyiqa brings its own networks and downloads their weights; it is imported when first asked for.
"""

from collections.abc import Callable
from importlib import import_module

import numpy as np
from PIL import Image as PillowImage

from swinsr.errors import ConfigError, ImageError
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
        ConfigError: pyiqa cannot be imported, or does not know the name.
    """
    try:
        pyiqa = import_module("pyiqa")
    except ImportError as error:
        raise ConfigError(
            f"The metric {name!r} needs the package pyiqa, which cannot be imported ({error}); "
            f"run: {install_extra('metrics')}"
        ) from error
    known = list(pyiqa.list_models())
    if name not in known:
        raise ConfigError(f"pyiqa has no metric {name!r}; it has: {', '.join(known)}.")
    metric = pyiqa.create_metric(name, device=device)
    full_reference = metric.metric_mode == "FR"

    def score(sr: Image, hr: Image) -> float:
        pair = make_pair(sr, hr, border=border)
        require_rgb(pair)
        if pair.sr.dtype != np.uint8:
            raise ImageError(f"The metric {name!r} takes uint8 images, not {pair.sr.dtype}.")
        images = [pair.sr, pair.hr] if full_reference else [pair.sr]
        return float(metric(*(PillowImage.fromarray(np.ascontiguousarray(i)) for i in images)))

    return score
