"""MATLAB's `imresize`: the bicubic that made the low-resolution images of published benchmarks.

    out[i] = sum_t w[i, t] * in[reflect(left[i] + t)],   w[i, t] ~ s * k(s * (u[i] - left[i] - t))

with s = min(scale, 1), so that the kernel widens (antialiasing) when the image shrinks. What sets
it apart from other libraries' bicubic: a = -0.5, the antialiasing, edges that mirror with the edge
pixel repeated, and integer images rounded to integers after each of the two passes, the axis that
shrinks most first and the vertical one first among equals.

Source: R. Keys, "Cubic convolution interpolation for digital image processing", IEEE TASSP 29(6),
1981, eq. 15; the documented behaviour of MATLAB's Image Processing Toolbox function `imresize`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from math import ceil
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ConfigError, ShapeMismatchError

Float = NDArray[np.float64]
Image = NDArray[Any]


def _cubic(x: Float) -> Float:
    a = np.abs(x)
    near = (1.5 * a - 2.5) * a * a + 1.0
    far = ((-0.5 * a + 2.5) * a - 4.0) * a + 2.0
    return np.where(a <= 1, near, np.where(a <= 2, far, 0.0))


def _triangle(x: Float) -> Float:
    return np.maximum(1.0 - np.abs(x), 0.0)


def _lanczos3(x: Float) -> Float:
    return np.where(np.abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


def _box(x: Float) -> Float:
    return ((x >= -0.5) & (x < 0.5)).astype(np.float64)


# name: (kernel, support in input pixels, whether it widens when the image shrinks)
_KERNELS: dict[str, tuple[Callable[[Float], Float], float, bool]] = {
    "bicubic": (_cubic, 4.0, True),
    "bilinear": (_triangle, 2.0, True),
    "lanczos3": (_lanczos3, 6.0, True),
    "nearest": (_box, 1.0, False),
}
KERNELS = tuple(_KERNELS)

# Columns worked on together: the accumulator of a strip stays in the second-level cache.
_STRIP_VALUES = 1 << 15


@dataclass(frozen=True)
class Taps:
    """One axis of a resize: `out[i] = sum_t weights[t, i] * in[indices[t, i]]`."""

    indices: NDArray[np.intp]  # (taps, out), mirrored into the image
    weights: Float  # (taps, out), each column sums to 1


ResizeRows = Callable[[Image, Taps], Image]


@lru_cache(maxsize=128)
def find_taps(length: int, out_length: int, scale: float, kernel: str) -> Taps:
    """Indices and weights of an axis of `length` that becomes `out_length` by `scale`."""
    function, width, widens = _KERNELS[kernel]
    shrink = min(scale, 1.0) if widens else 1.0
    width /= shrink
    # Output pixel i (from 1) covers the input around u: both axes' outer edges coincide.
    u = np.arange(1, out_length + 1) / scale + 0.5 * (1.0 - 1.0 / scale)
    left = np.floor(u - width / 2)
    positions = left + np.arange(ceil(width) + 2)[:, None]  # (taps, out), from 1
    weights = function(shrink * (u - positions))
    weights /= weights.sum(axis=0)
    mirror = np.concatenate([np.arange(length), np.arange(length)[::-1]])
    indices = mirror[(positions.astype(np.intp) - 1) % (2 * length)]
    used = weights.any(axis=1)  # the outermost taps often weigh nothing anywhere
    taps = Taps(np.ascontiguousarray(indices[used]), np.ascontiguousarray(weights[used]))
    taps.indices.flags.writeable = taps.weights.flags.writeable = False
    return taps


def resize_rows(rows: Image, taps: Taps) -> Image:
    """Resize the first axis, (in, m) -> (out, m), of the same type.

    The sum runs tap by tap, so that it rounds alike on every machine.
    """
    out_length = taps.weights.shape[1]
    columns = rows.shape[1]
    out = np.empty((out_length, columns), rows.dtype)
    integer = rows.dtype.kind == "u"
    strip = max(16, _STRIP_VALUES // out_length)
    for start in range(0, columns, strip):
        part = rows[:, start : start + strip].astype(np.float64)
        total = np.zeros((out_length, part.shape[1]))
        term = np.empty_like(total)
        for index, weight in zip(taps.indices, taps.weights, strict=True):
            np.take(part, index, axis=0, out=term, mode="clip")
            term *= weight[:, None]
            total += term
        if integer:  # halves go up; no value is negative once clipped
            total += 0.5
            np.clip(total, 0.0, np.iinfo(rows.dtype).max, out=total)
        out[:, start : start + strip] = total
    return out


def resize_axis(image: Image, axis: int, taps: Taps, rows_by: ResizeRows = resize_rows) -> Image:
    """Resize one axis of an image; `rows_by` resizes the first of (in, m)."""
    moved = np.ascontiguousarray(np.moveaxis(image, axis, 0))
    rows = rows_by(moved.reshape(moved.shape[0], -1), taps)
    return np.moveaxis(rows.reshape(-1, *moved.shape[1:]), 0, axis)


def imresize(
    image: Image,
    *,
    scale: float | None = None,
    size: tuple[int, int] | None = None,
    kernel: str = "bicubic",
    rows_by: ResizeRows = resize_rows,
) -> Image:
    """Resize as MATLAB's `imresize(image, scale)` or `imresize(image, size)` does.

    Args:
        image: (height, width) or (height, width, channels) uint8, uint16, float32 or float64.
        scale: output size over input size, as 1 / 4 or 3; the output size is rounded up.
        size: output (height, width), in place of `scale`; each axis has its own scale then.
        kernel: one of `KERNELS`.
        rows_by: computes an axis, the first of (in, m); on another device, say.

    Returns:
        An array of the input's type: integers rounded and clipped after each pass, floats neither.

    Raises:
        ShapeMismatchError: the image is not of two or three dimensions, or has none or no pixels.
        ConfigError: both or neither of scale and size, one that is not positive, or a kernel or
            number type that is not offered.

    Source: MATLAB `imresize` (see the module).
    """
    if image.ndim not in (2, 3) or 0 in image.shape:
        raise ShapeMismatchError(
            f"imresize takes (height, width) or (height, width, channels), not {image.shape}"
        )
    if image.dtype not in (np.uint8, np.uint16, np.float32, np.float64):
        raise ConfigError(
            f"imresize takes uint8, uint16, float32 or float64, not {image.dtype}; convert first"
        )
    if kernel not in _KERNELS:
        raise ConfigError(f"Unknown resize kernel {kernel!r}; use one of {', '.join(KERNELS)}")
    height, width = image.shape[:2]
    scales, out = _scales_and_size((height, width), scale, size)
    for axis in sorted((0, 1), key=lambda axis: scales[axis]):
        if scales[axis] == 1.0 and out[axis] == image.shape[axis]:
            continue
        taps = find_taps(image.shape[axis], out[axis], scales[axis], kernel)
        image = resize_axis(image, axis, taps, rows_by)
    return np.array(image, order="C")


def _scales_and_size(
    shape: tuple[int, int], scale: float | None, size: tuple[int, int] | None
) -> tuple[tuple[float, float], tuple[int, int]]:
    if (scale is None) == (size is None):
        raise ConfigError("imresize takes either scale or size; give exactly one of them")
    if size is not None:
        if min(size) < 1:
            raise ConfigError(f"The size {size} to resize to must be positive")
        return (size[0] / shape[0], size[1] / shape[1]), (size[0], size[1])
    assert scale is not None
    if not 0 < scale < float("inf"):
        raise ConfigError(f"The scale {scale} to resize by must be a positive number")
    return (scale, scale), (ceil(scale * shape[0]), ceil(scale * shape[1]))
