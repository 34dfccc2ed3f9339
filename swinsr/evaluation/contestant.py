"""A model that is measured: what it is, and its output for an input as the protocol wants it."""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from swinsr.checkpoints.describe import task_of
from swinsr.checkpoints.load import find_weights as weights_in
from swinsr.errors import CheckpointReadError, ConfigError
from swinsr.evaluation.options import Options
from swinsr.inference import Upscaler
from swinsr.inference.baselines import BASELINES
from swinsr.inference.engine import Engine
from swinsr.inference.ensemble import VIEWS, mean_of_views
from swinsr.models import RestorationConfig
from swinsr.models.count import Cost, count
from swinsr.runtime.progress import Progress, part
from swinsr.storage.digest import sha256_of
from swinsr.zoo import bundled_models, find_weights, published_models

Planes = NDArray[np.float32]


@dataclasses.dataclass(frozen=True)
class Contestant:
    """A model that is measured.

    Attributes:
        name: what the user called it; a file's name without folder and suffix.
        digest: of its weights' bytes; a baseline's name.
        engine: what computes.
        config: of the network; None for a baseline.
        task: as in `swinsr.zoo.ModelEntry`; "baseline" for one.
        cost: parameters and MACs; None for a baseline.
        published: the name under which papers' scores are known, if they are.
    """

    name: str
    digest: str
    engine: Engine
    config: RestorationConfig | None = None
    task: str = "baseline"
    cost: Cost | None = None
    published: str | None = None

    @property
    def scale(self) -> int | None:
        """Its own factor of enlargement; None for a baseline, which has none."""
        return None if self.config is None else self.config.scale

    @property
    def gray(self) -> bool:
        """Whether it works on one channel."""
        return self.config is not None and self.config.in_chans == 1

    def restore(self, source: Planes, scale: int, options: Options, progress: Progress) -> Planes:
        """Its output for one input.

        Args:
            source: (height, width, 1 or 3) in 0..1.
            scale: factor of enlargement.
            options: padding and self-ensemble; a baseline knows neither.
            progress: notified with the share of the work done.

        Returns:
            (height * scale, width * scale, as source), not clipped.
        """
        if self.config is None or not options.self_ensemble:
            return self._run(source, scale, options, progress)

        def run(view: Planes, number: int) -> Planes:
            share = part(progress, number / VIEWS, (number + 1) / VIEWS)
            return self._run(view, scale, options, share)

        return mean_of_views(source, run)

    def _run(self, source: Planes, scale: int, options: Options, progress: Progress) -> Planes:
        height, width = source.shape[:2]
        if self.config is not None and options.padding == "published":
            source = pad_as_published(source, self.config.window_size)
        size = (source.shape[0] * scale, source.shape[1] * scale)
        out = self.engine.enlarge(np.ascontiguousarray(source), float(scale), size, progress)
        return out[: height * scale, : width * scale]


def pad_as_published(source: Planes, window: int) -> Planes:
    """Mirrored at the bottom and right, the edge repeated, to the multiple above the size.

    A size that is a multiple already gets a whole further window, as in the published scripts.

    Args:
        source: (height, width, channels).
        window: side of the attention windows.

    Source: SwinIR's and Swin2SR's test scripts.
    """
    below, right = (window - n % window for n in source.shape[:2])
    return np.pad(source, ((0, below), (0, right), (0, 0)), mode="symmetric")


def load_contestants(names: Sequence[str], options: Options) -> list[Contestant]:
    """All models of one call, none twice; see `load_contestant`."""
    contestants = [load_contestant(name, options) for name in dict.fromkeys(names)]
    short = Counter(contestant.name for contestant in contestants)
    return [
        dataclasses.replace(contestant, name=name) if short[contestant.name] > 1 else contestant
        for contestant, name in zip(contestants, dict.fromkeys(names), strict=True)
    ]


def load_contestant(name: str, options: Options) -> Contestant:
    """Find and load a model.

    Args:
        name: of a bundled model, a weights file, a Hugging Face folder, or one of `BASELINES`.
        options: device and precision.

    Raises:
        ModelNotFoundError: no model of that name, and no such file.
        CheckpointError: the file is no checkpoint of a known network.
        ConfigError: the precision is not offered.
        DeviceError: this machine does not have the device.
    """
    if name in BASELINES:
        engine = Upscaler.from_pretrained(name).engine
        return Contestant(name, name, engine, published=name if name == "bicubic" else None)
    path = find_weights(name)
    upscaler = Upscaler.from_pretrained(name, device=options.device, precision=options.precision)
    engine = upscaler.engine
    if (config := engine.config) is None:
        raise ConfigError(f"{name} is no network that can be measured; name a weights file")
    digest, files = _digest(path)
    return Contestant(
        _short_name(name),
        digest,
        engine,
        config,
        engine.task or task_of(config),
        count(config),
        _published_name(files, digest),
    )


def _short_name(name: str) -> str:
    if any(name == model.name for model in bundled_models()):
        return name
    path = Path(name).expanduser()
    return (path.resolve().name if path.is_dir() else path.stem) or name


def _digest(path: Path) -> tuple[str, list[Path]]:
    """SHA-256 of all bytes that make the network, and the files they are in."""
    file = weights_in(path)
    files = [file]
    if path.is_dir() or file.suffix == ".json":  # shards, and the configuration beside them
        kinds = {".json", ".safetensors", ".bin"}
        files = sorted(p for p in file.parent.iterdir() if p.is_file() and p.suffix in kinds)
    try:
        return sha256_of(*files), files
    except OSError as error:
        raise CheckpointReadError(f"{path} cannot be read: {error.strerror}") from error


def _published_name(files: list[Path], digest: str) -> str | None:
    for model in published_models():
        if len(files) == 1 and (model.file == files[0].name or model.sha256 == digest):
            return model.name
    return None
