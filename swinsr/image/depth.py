"""The range of float pictures, and pictures in another sample type.

A float picture's black and white are what its file says or holds, not an assumption: elevations
from 300 to 1400 and linear light up to 4 are pictures like others.
"""

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from swinsr.image.convert import to_depth
from swinsr.image.picture import Array, Image


def ranged(image: Image, stated: tuple[float, float] | None = None) -> Image:
    """A float picture with the range that it has; others as they are.

    Where all samples (and what was stated) lie within 0..1 that is 0..1, else from the smallest
    to the largest of them.

    Args:
        image: its samples finite.
        stated: the smallest and largest value that the file speaks of.
    """
    if image.pixels.dtype.kind != "f":
        return image
    ends = [float(image.pixels.min()), float(image.pixels.max()), *(stated or ())]
    low, high = min(ends), max(ends)
    if low >= 0 and high <= 1:
        low, high = 0.0, 1.0
    elif low == high:  # flat, and outside: it is its own white or black
        low, high = min(low, 0.0), max(high, 0.0)
    return replace(image, low=low, high=high)


def to_unit(pixels: Array, low: float, high: float) -> npt.NDArray[np.float32]:
    """Float samples with black at 0 and white at 1; what lies beyond stays beyond.

    Args:
        pixels: float32 of any shape.
        low, high: black and white.
    """
    if (low, high) == (0.0, 1.0):
        return pixels
    return ((pixels.astype(np.float64) - low) / (high - low)).astype(np.float32)


def from_unit(pixels: Array, low: float, high: float) -> npt.NDArray[np.float32]:
    """The way back of `to_unit`."""
    if (low, high) == (0.0, 1.0):
        return pixels
    return (pixels.astype(np.float64) * (high - low) + low).astype(np.float32)


def within_unit(pixels: Array, low: float, high: float) -> Array:
    """Float samples clipped to 0..1 where that is their range; others are measurements, and stay.

    Overshoot beyond 0..1 would be read again as a range of its own.
    """
    return np.clip(pixels, 0.0, 1.0) if (low, high) == (0.0, 1.0) else pixels


def in_depth(image: Image, dtype: npt.DTypeLike) -> Image:
    """A picture in another sample type, black at black and white at white.

    Floats beyond their range are clipped for integers; integers as floats go from 0 to 1.

    Args:
        image: any.
        dtype: uint8, uint16 or float32.
    """
    if image.pixels.dtype == np.dtype(dtype):
        return image
    pixels = image.pixels
    if pixels.dtype.kind == "f":
        pixels = to_unit(pixels, image.low, image.high)
    alpha = None if image.alpha is None else to_depth(image.alpha, dtype)
    return replace(image, pixels=to_depth(pixels, dtype), alpha=alpha, low=0.0, high=1.0)
