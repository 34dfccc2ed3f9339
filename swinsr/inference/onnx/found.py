"""What an exported network is, found by running it on a small picture.

Files of this kind say how they want their arrays, and seldom more: scale, range of the samples and
the sizes that are taken show when they run.
"""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import CheckpointReadError
from swinsr.inference.onnx.session import RunFailedError, Session

FloatArray = NDArray[np.float32]
_SIDE, _SMALL = 64, 16
_STEPS = (1, 2, 4, 8, 16, 32, 64)
_LARGEST_SCALE = 16
# Factor and offset of the samples: 0 to 1, 0 to 255, -1 to 1.
RANGES = ((1.0, 0.0), (255.0, 0.0), (2.0, -1.0))
# The mean difference of a result, reduced, from its input; networks stay far below it.
_ALIKE, _AT_ALL = 0.05, 0.2


@dataclasses.dataclass(frozen=True)
class Found:
    """An exported network.

    Attributes:
        channels: that it takes, 1 or 3.
        scale: of enlargement.
        factor, offset: what samples of 0..1 are multiplied with, and what is added then.
        last: whether the channels come last, as from TensorFlow.
        step: sides are multiples of it.
        least: no side is smaller.
        fixed: (height, width) where it takes no other; else None.
        base, each: bytes of a run: that do not depend on the picture, and for each pixel.
    """

    channels: int
    scale: int
    factor: float
    offset: float
    last: bool
    step: int
    least: int
    fixed: tuple[int, int] | None
    base: int = 0
    each: int = 0

    @property
    def told(self) -> str:
        """In a sentence."""
        low, high = self.offset, self.factor + self.offset
        size = f", {self.fixed[1]}x{self.fixed[0]} pixels at a time" if self.fixed else ""
        colours = "gray" if self.channels == 1 else "RGB"
        return (
            f"found by running it: {colours}, x{self.scale}, samples from {low:g} to {high:g}{size}"
        )

    def run(self, session: Session, pictures: FloatArray) -> FloatArray:
        """(n, channels, h, w) in 0..1 enlarged; sides as `step`, `least` and `fixed` have them."""
        given = pictures * np.float32(self.factor) + np.float32(self.offset)
        if self.last:
            given = given.transpose(0, 2, 3, 1)
        # One at a time: many files take no batch.
        result = np.concatenate([session.run(one[None]) for one in given])
        if self.last:
            result = result.transpose(0, 3, 1, 2)
        return (result - np.float32(self.offset)) / np.float32(self.factor)


def find(session: Session) -> Found:
    """Run a network on small pictures until it is known.

    Raises:
        CheckpointReadError: it is none that makes pictures of pictures, larger or as they were.
    """
    last, channels, fixed = _layout(session)
    height, width = fixed or (_SIDE, _SIDE)
    uint8 = session.dtype == np.uint8
    reasons: list[str] = []
    for count in channels:
        plain = Found(count, 1, 255.0 if uint8 else 1.0, 0.0, last, 1, 1, fixed)
        try:
            scale = _scale_of(session, plain, height, width)
        except (RunFailedError, _NoScaleError) as error:
            reasons.append(str(error).strip().splitlines()[0][:200])
            continue
        found = dataclasses.replace(plain, scale=scale)
        if not uint8:
            found = _with_range(session, found, height, width)
        if fixed is not None:
            return found
        return _with_memory(session, _with_sizes(session, found))
    raise CheckpointReadError(
        f"{session.path}: it does not enlarge or restore a picture of {width}x{height} pixels "
        f"({reasons[-1]}); export it for pictures, with any size if it can"
    )


class _NoScaleError(Exception):
    """A result that is no enlargement of its input."""


def _layout(session: Session) -> tuple[bool, tuple[int, ...], tuple[int, int] | None]:
    """Whether channels come last, how many there may be, and the only size."""
    _, second, third, fourth = session.shape
    last = second not in (1, 3) and fourth in (1, 3)
    channels, height, width = (fourth, second, third) if last else (second, third, fourth)
    if channels not in (None, 1, 3):
        raise CheckpointReadError(
            f"{session.path}: it takes {channels} channels, and pictures are gray or RGB"
        )
    fixed = (height, width) if height is not None and width is not None else None
    return last, (3, 1) if channels is None else (channels,), fixed


def picture(channels: int, height: int, width: int) -> FloatArray:
    """(1, channels, height, width) in 0..1: waves, a little different in each colour."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    waves = [np.sin(x / (9 + c)) * np.cos(y / (7 + c)) * 0.35 + 0.5 for c in range(channels)]
    return np.stack(waves)[None].astype(np.float32)


def _scale_of(session: Session, found: Found, height: int, width: int) -> int:
    result = found.run(session, picture(found.channels, height, width))
    if result.ndim != 4 or result.shape[1] != found.channels:
        raise _NoScaleError(f"its result has the shape {result.shape}")
    scale = int(result.shape[2]) // height
    if not 1 <= scale <= _LARGEST_SCALE or result.shape[2:] != (height * scale, width * scale):
        raise _NoScaleError(f"its result has {result.shape[3]}x{result.shape[2]} pixels")
    return scale


def _with_range(session: Session, found: Found, height: int, width: int) -> Found:
    """The range in which the result looks like the input; 0 to 1 where several do."""
    given = picture(found.channels, height, width)
    apart = []
    for factor, offset in RANGES:
        tried = dataclasses.replace(found, factor=factor, offset=offset)
        result = tried.run(session, given)
        size = (1, found.channels, height, found.scale, width, found.scale)
        reduced = result.reshape(size).mean(axis=(3, 5))
        apart.append((float(np.nan_to_num(np.abs(reduced - given), nan=9.0).mean()), tried))
    alike = next((tried for far, tried in apart if far <= _ALIKE), None)
    if alike is not None:
        return alike
    far, nearest = min(apart, key=lambda one: one[0])
    if far > _AT_ALL:
        raise CheckpointReadError(
            f"{session.path}: its result does not look like its input in any range of samples "
            "(0 to 1, 0 to 255, -1 to 1); is it a network that enlarges or restores?"
        )
    return nearest


def _with_sizes(session: Session, found: Found) -> Found:
    """The sizes that are taken: multiples of a step, not below a least side."""

    def takes(side: int) -> bool:
        try:
            return _scale_of(session, found, side, side) == found.scale
        except (RunFailedError, _NoScaleError):
            return False

    step = next((step for step in _STEPS if takes(_SIDE + step)), _SIDE)
    small = max(_SMALL, step)
    return dataclasses.replace(found, step=step, least=small if takes(small) else _SIDE)


def _with_memory(session: Session, found: Found) -> Found:
    """What a run takes, from two sizes."""
    sides = (_SIDE, 2 * _SIDE)
    batches = [_batch(found, side) for side in sides]
    low, high = (session.peak(batch) for batch in batches)
    each = max(high - low, 0) // (sides[1] ** 2 - sides[0] ** 2)
    return dataclasses.replace(found, base=max(low - each * sides[0] ** 2, 0), each=each)


def _batch(found: Found, side: int) -> FloatArray:
    batch = picture(found.channels, side, side) * np.float32(found.factor)
    return batch.transpose(0, 2, 3, 1) if found.last else batch
