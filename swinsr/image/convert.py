"""Sample types and channel counts: every change of representation rounds half up and clips."""

import numpy as np
import numpy.typing as npt

from swinsr.errors import ShapeMismatchError
from swinsr.image.picture import SAMPLE_TYPES, Array

# ITU-R BT.601 luma, the weights of Pillow and OpenCV for RGB to gray.
LUMA = (0.299, 0.587, 0.114)


def largest_value(dtype: npt.DTypeLike) -> int:
    """The sample value that means white or opaque: 255, 65535, or 1 for float32."""
    return int(np.iinfo(dtype).max) if np.issubdtype(dtype, np.integer) else 1


def to_float(samples: Array) -> npt.NDArray[np.float32]:
    """Samples of any shape as float32 where 0 is black and 1 is white.

    Args:
        samples: uint8, uint16, or float32 (returned as it is, not clipped).

    Raises:
        ShapeMismatchError: another type.
    """
    _check(samples)
    if samples.dtype == np.float32:
        return samples
    return samples.astype(np.float32) / np.float32(largest_value(samples.dtype))


def to_depth(samples: Array, dtype: npt.DTypeLike) -> Array:
    """Samples in another type, on the same scale from black to white.

    Args:
        samples: uint8, uint16 or float32 of any shape. Floats are clipped to 0..1 for integer
            targets and NaN becomes 0.
        dtype: uint8, uint16 or float32.

    Returns:
        Samples rounded half up; the array itself where the type already fits.

    Raises:
        ShapeMismatchError: a type that is not one of these.
    """
    _check(samples)
    target = np.dtype(dtype)
    if target not in SAMPLE_TYPES:
        raise ShapeMismatchError(f"Samples are uint8, uint16 or float32, not {target}")
    if samples.dtype == target:
        return samples
    if target == np.float32:
        return to_float(samples)
    if samples.dtype == np.uint8:
        return samples.astype(np.uint16) * np.uint16(257)
    if samples.dtype == np.uint16:
        # 65535 = 255 * 257 and 257 is odd: no ties, so this is v / 257 rounded to nearest.
        return ((samples.astype(np.uint32) + 128) // 257).astype(np.uint8)
    return _quantise(samples, target)


def _quantise(samples: Array, target: np.dtype[np.generic]) -> Array:
    # fmax and fmin take the other operand where one is NaN.
    scaled: Array = np.fmin(np.fmax(samples, np.float32(0)), np.float32(1))
    scaled *= np.float32(largest_value(target))
    scaled += np.float32(0.5)
    return scaled.astype(target)


def to_gray(pixels: Array) -> Array:
    """(H, W, 3) RGB as (H, W, 1) by BT.601 luma of the stored values; gray is returned as it is.

    R = G = B gives exactly that value.

    Raises:
        ShapeMismatchError: not (H, W, 1 or 3).
    """
    _check_channels(pixels)
    if pixels.shape[2] == 1:
        return pixels
    if pixels.dtype == np.float32:
        # Written around green so that equal channels give their value without rounding.
        r, g, b = pixels[..., 0], pixels[..., 1], pixels[..., 2]
        gray = g + np.float32(LUMA[0]) * (r - g) + np.float32(LUMA[2]) * (b - g)
        return gray.astype(np.float32)[..., None]
    wide = pixels.astype(np.uint32)
    mixed = 299 * wide[..., 0] + 587 * wide[..., 1] + 114 * wide[..., 2]
    return ((mixed + 500) // 1000).astype(pixels.dtype)[..., None]


def to_rgb(pixels: Array) -> Array:
    """(H, W, 1) gray as (H, W, 3) with equal channels; RGB is returned as it is.

    Raises:
        ShapeMismatchError: not (H, W, 1 or 3).
    """
    _check_channels(pixels)
    return pixels if pixels.shape[2] == 3 else np.repeat(pixels, 3, axis=2)


def _check(samples: Array) -> None:
    if samples.dtype not in SAMPLE_TYPES:
        raise ShapeMismatchError(
            f"Samples are uint8, uint16 or float32, not {samples.dtype}; convert them first"
        )


def _check_channels(pixels: Array) -> None:
    _check(pixels)
    if pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
        raise ShapeMismatchError(f"Expected (height, width, 1 or 3) pixels, not {pixels.shape}")
