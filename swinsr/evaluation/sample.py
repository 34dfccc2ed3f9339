"""One picture of a dataset, ready to be measured: the truth, and the poor input made or read."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swinsr.degradations import imresize, jpeg
from swinsr.errors import ImageError, ImageReadError
from swinsr.evaluation.condition import Condition
from swinsr.evaluation.layout import Item
from swinsr.image import read_image, to_depth, to_float, to_gray, to_rgb
from swinsr.metrics.pair import luma

Array = NDArray[Any]
Planes = NDArray[np.float32]


@dataclass(frozen=True)
class EvaluationPair:
    """A pair to measure on.

    Attributes:
        truth: (height, width, 1 or 3) uint8, uint16 or float32.
        source: (height / scale, width / scale, as truth) float32 in 0..1; noise may exceed that.
        notes: sentences on what was done to the files, without their name.
    """

    truth: Array
    source: Planes
    notes: tuple[str, ...] = ()


def load_sample(item: Item, condition: Condition) -> EvaluationPair:
    """Read a picture and make what the condition asks for.

    Raises:
        ImageError: a file is missing or unreadable, sizes do not fit, or one is gray and the
            other is not.
    """
    truth, notes = _read(item.truth)
    if condition.kind == "sr":
        return _smaller(item, truth, notes, condition)
    if condition.kind == "pair":
        return _given(item, truth, notes, condition)
    if condition.kind == "jpeg":
        return _compressed(truth, notes, condition)
    truth, notes = _channels(truth, notes, gray=condition.gray)
    return EvaluationPair(
        truth, add_published_noise(to_float(truth), condition.level or 0), tuple(notes)
    )


def add_published_noise(planes: Planes, sigma: int) -> Planes:
    """The noise of the published scripts: the same for all pictures of a size, not clipped.

    Args:
        planes: (height, width, 1 or 3) in 0..1, gray or RGB.
        sigma: standard deviation in 8-bit levels.

    Source: SwinIR's test script: NumPy's legacy generator with seed 0 for each picture, drawn for
    blue, green, red.
    """
    noise = np.random.RandomState(0).normal(0, sigma / 255.0, planes.shape)
    noisy: Planes = (planes + noise[..., ::-1]).astype(np.float32)
    return noisy


def _read(path: Path) -> tuple[Array, list[str]]:
    picture = read_image(path)
    notes = list(picture.notes)
    if picture.alpha is not None:
        notes.append("its alpha channel is left out")
    pixels = picture.pixels
    if pixels.dtype == np.float32 and (pixels.min() < 0 or pixels.max() > 1):
        notes.append("values below 0 or above 1 are clipped")
        pixels = np.clip(pixels, 0.0, 1.0)
    return pixels, notes


def _channels(truth: Array, notes: list[str], *, gray: bool) -> tuple[Array, list[str]]:
    if gray:
        return to_gray(truth), notes
    if truth.shape[2] == 1:
        notes = [*notes, "it is gray; its channel is repeated three times, as papers' scripts do"]
    return to_rgb(truth), notes


def _smaller(item: Item, truth: Array, notes: list[str], condition: Condition) -> EvaluationPair:
    scale = condition.scale
    height, width = truth.shape[0] // scale, truth.shape[1] // scale
    if not height or not width:
        raise ImageError(
            f"{item.truth}: {truth.shape[1]} x {truth.shape[0]} pixels are too few for x{scale}"
        )
    cropped = truth[: height * scale, : width * scale]
    if item.source is None:
        cropped, notes = _channels(cropped, notes, gray=condition.gray)
        return EvaluationPair(cropped, to_float(imresize(cropped, scale=1 / scale)), tuple(notes))
    source = _read_source(item, truth)
    if source.shape[:2] != (height, width):
        raise ImageError(
            f"{item.source}: {source.shape[1]} x {source.shape[0]} pixels are not the "
            f"{width} x {height} that are 1/{scale} of {item.truth.name} ({truth.shape[1]} x "
            f"{truth.shape[0]}); it is not the x{scale} of this picture"
        )
    cropped, notes = _channels(cropped, notes, gray=condition.gray)
    return EvaluationPair(cropped, to_float(_like(source, condition)), tuple(notes))


def _given(item: Item, truth: Array, notes: list[str], condition: Condition) -> EvaluationPair:
    source = _read_source(item, truth)
    if source.shape[:2] != truth.shape[:2]:
        raise ImageError(
            f"{item.source}: {source.shape[1]} x {source.shape[0]} pixels are not the "
            f"{truth.shape[1]} x {truth.shape[0]} of {item.truth.name}; both must be of one size"
        )
    truth, notes = _channels(truth, notes, gray=condition.gray)
    return EvaluationPair(truth, to_float(_like(source, condition)), tuple(notes))


def _read_source(item: Item, truth: Array) -> Array:
    assert item.source is not None
    if not item.source.exists():
        raise ImageReadError(f"{item.source}: it is missing, the poor picture of {item.truth}")
    source, _ = _read(item.source)
    if source.shape[2] != truth.shape[2] and not (_looks_gray(source) and _looks_gray(truth)):
        kinds = {1: "gray", 3: "in colour"}
        raise ImageError(
            f"{item.source}: it is {kinds[source.shape[2]]}, but {item.truth.name} is "
            f"{kinds[truth.shape[2]]}; they are not of one picture"
        )
    return source


def _looks_gray(pixels: Array) -> bool:
    return bool((pixels == pixels[..., :1]).all())


def _like(source: Array, condition: Condition) -> Array:
    return to_gray(source) if condition.gray else to_rgb(source)


def _compressed(truth: Array, notes: list[str], condition: Condition) -> EvaluationPair:
    truth = to_depth(truth, np.uint8)  # JPEG has no more
    if condition.gray and truth.shape[2] == 3:
        # JPEG papers take MATLAB's Y, 16 to 235, for the gray picture of a colour one.
        truth = np.rint(luma(truth, 255.0)).astype(np.uint8)[..., None]
    truth, notes = _channels(truth, notes, gray=condition.gray)
    return EvaluationPair(truth, to_float(jpeg(truth, condition.level or 0)), tuple(notes))
