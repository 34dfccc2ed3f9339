"""The frames of an animation put together on their canvas, in straight alpha.

Source: PNG specification, third edition (W3C, 2025), sections 11.3.6.2 and 12.1 (blend and dispose
operations) and 13.16 (the composition of a sample with one below it); GIF89a, section 23.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from swinsr.image.convert import largest_value, to_rgb
from swinsr.image.formats.faults import DamagedError
from swinsr.image.picture import Array, Image, Metadata

KEEP, CLEAR, RESTORE = range(3)
_PIXELS = 1 << 20  # that are mixed at a time, in 64-bit floats


@dataclass(frozen=True)
class FrameRectangle:
    """A frame as it is stored: a rectangle of the canvas.

    Attributes:
        image: its colours, and alpha where it has some.
        top, left: where it belongs.
        after: what becomes of its place before the next frame: `KEEP`, `CLEAR` to transparent
            black, or `RESTORE` what was there.
        over: whether what is below shows through; else it is replaced, alpha and all.
    """

    image: Image
    top: int
    left: int
    after: int
    over: bool


def composed(
    parts: Iterable[FrameRectangle], height: int, width: int, channels: int, metadata: Metadata
) -> Iterator[Image]:
    """The whole canvas after each frame, with alpha; what no frame covers is transparent.

    Args:
        parts: in their order, all of one sample type.
        height, width: of the canvas.
        channels: 1 or 3, of the canvas.
        metadata: of every picture.

    Raises:
        DamagedError: a frame lies outside the canvas or is of another type.
    """
    canvas: Array | None = None
    for part in parts:
        pixels = part.image.pixels if channels == 1 else to_rgb(part.image.pixels)
        alpha = part.image.alpha
        if canvas is None:
            canvas = np.zeros((height, width, channels + 1), pixels.dtype)
        bottom, right = part.top + pixels.shape[0], part.left + pixels.shape[1]
        if bottom > height or right > width or pixels.dtype != canvas.dtype:
            raise DamagedError("a frame does not fit the picture")
        place = canvas[part.top : bottom, part.left : right]
        before = place.copy() if part.after == RESTORE else None
        if alpha is None:
            place[..., :-1], place[..., -1] = pixels, largest_value(pixels.dtype)
        elif part.over:
            _lay_over(pixels, alpha, place)
        else:
            place[..., :-1], place[..., -1] = pixels, alpha
        yield Image(canvas[..., :-1].copy(), canvas[..., -1].copy(), metadata)
        if part.after == CLEAR:
            place[:] = 0
        elif before is not None:
            place[:] = before


def _lay_over(pixels: Array, alpha: Array, place: Array) -> None:
    """Put colours with alpha over what is in `place`, some rows at a time."""
    rows = max(_PIXELS // pixels.shape[1], 1)
    for top in range(0, len(pixels), rows):
        part = slice(top, top + rows)
        opaque = alpha[part] == largest_value(alpha.dtype)
        if (opaque | (alpha[part] == 0)).all():
            place[part][opaque, :-1] = pixels[part][opaque]
            place[part][opaque, -1] = largest_value(alpha.dtype)
        else:
            place[part] = _over(pixels[part], alpha[part], place[part])


def _over(pixels: Array, alpha: Array, below: Array) -> Array:
    """Colours with alpha over others with alpha, (h, w, C + 1); integers rounded half up.

    Where alpha is 0 or full the samples of one of the two come out as they are.
    """
    white = largest_value(pixels.dtype)
    share, under = alpha[..., None].astype(np.float64), below[..., -1:].astype(np.float64)
    under = under * (white - share) / white
    total = share + under
    mixed = pixels * share + below[..., :-1] * under
    colours = np.divide(mixed, total, out=below[..., :-1].astype(np.float64), where=total > 0)
    both = np.concatenate([colours, total], axis=2)
    return np.floor(both + 0.5).astype(pixels.dtype)
