"""Change the size of an array by convolution with a kernel that widens on reduction."""

from typing import Literal, TypeAlias

import numpy as np

from swinsr.errors import ShapeMismatchError
from swinsr.image.convert import largest_value, to_depth, to_float
from swinsr.image.picture import SAMPLE_TYPES, Array, Image

Kernel: TypeAlias = Literal["bicubic", "lanczos", "bilinear", "box"]

# Pillow's names. Its bicubic is Keys', a = -0.5, the kernel of MATLAB's imresize; Lanczos has three
# lobes.
_KERNELS = {"bicubic": "BICUBIC", "lanczos": "LANCZOS", "bilinear": "BILINEAR", "box": "BOX"}


def resize(samples: Array, height: int, width: int, *, kernel: Kernel = "bicubic") -> Array:
    """Samples at another size, antialiased, pixel centres at half coordinates.

    Pillow's resampler is used, one channel at a time as float: it widens the kernel by the
    reduction factor, which OpenCV's cubic and Lanczos do not, and normalises the weights at the
    borders. Its 8-bit form would clip between the two passes, up to 39 levels off on noise.
    OpenCV's INTER_AREA antialiases too, but only as a box.

    Args:
        samples: (H, W) or (H, W, C), any C; uint8, uint16 or float32.
        height: rows of the result, at least 1.
        width: columns of the result, at least 1.
        kernel: bicubic has the least ringing of the sharp ones.

    Returns:
        An array of the same type; integers rounded half up and clipped to their range, floats
        left as they come out, overshoot included. `samples` itself where the size is the same.

    Raises:
        ShapeMismatchError: another shape or type, or a size below 1.
    """
    if samples.ndim not in (2, 3) or samples.dtype not in SAMPLE_TYPES or samples.size == 0:
        raise ShapeMismatchError(
            f"Only (H, W) or (H, W, C) uint8, uint16 or float32 arrays are resized, not "
            f"{samples.shape} {samples.dtype}"
        )
    if height < 1 or width < 1:
        raise ShapeMismatchError(f"A picture cannot be resized to {width} x {height}")
    if samples.shape[:2] == (height, width):
        return samples
    from PIL import Image as PilImage

    method = PilImage.Resampling[_KERNELS[kernel]]
    out = np.empty((height, width, *samples.shape[2:]), samples.dtype)
    planes = samples[..., None] if samples.ndim == 2 else samples
    target = out[..., None] if out.ndim == 2 else out
    for index in range(planes.shape[2]):
        plane = PilImage.fromarray(np.ascontiguousarray(planes[..., index], np.float32))
        resized = np.asarray(plane.resize((width, height), method))
        target[..., index] = _rounded(resized, samples.dtype)
    return out


def resize_image(image: Image, height: int, width: int) -> Image:
    """A picture at another size, mostly a smaller one; transparent pixels lend no colour.

    Floats are left as they come out, overshoot included.

    Args:
        image: any.
        height, width: of the result, at least 1.

    Raises:
        ShapeMismatchError: a size below 1.
    """
    dtype = image.pixels.dtype
    pixels, alpha = to_float(image.pixels), image.alpha
    if alpha is None:
        out, out_alpha = resize(pixels, height, width), None
    else:
        weight = to_float(alpha)[..., None]
        small = np.clip(resize(weight, height, width), 0, 1)
        mixed = resize(pixels * weight, height, width)
        plain = resize(pixels, height, width)  # where nothing is visible
        out = np.divide(mixed, small, out=plain.copy(), where=small > 1 / 65535)
        out_alpha = to_depth(small[..., 0], dtype)
    return image.with_pixels(to_depth(np.ascontiguousarray(out, np.float32), dtype), out_alpha)


def _rounded(plane: Array, dtype: np.dtype[np.generic]) -> Array:
    if dtype == np.float32:
        return plane
    return np.clip(np.floor(plane + np.float32(0.5)), 0, largest_value(dtype))
