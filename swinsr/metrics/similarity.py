"""Structural similarity as first published: 11x11 Gaussian window, only whole windows counted.

    SSIM = (2 m1 m2 + c1)(2 v12 + c2) / ((m1^2 + m2^2 + c1)(v1 + v2 + c2)),   averaged over windows

with c1 = (0.01 range)^2 and c2 = (0.03 range)^2.

Source: Z. Wang, A. Bovik, H. Sheikh, E. Simoncelli, "Image quality assessment: from error
visibility to structural similarity", IEEE TIP 13(4), 2004, eq. 13, and its MATLAB `ssim_index.m`.

The window is separable, so two passes of 11 taps replace one of 121. And four filtered planes
do for the usual five, those of s = x + y and d = x - y and of their squares: with M = mean^2 and
V = variance of each, 2 (m1^2 + m2^2) = Ms + Md, 4 m1 m2 = Ms - Md, and the like for v.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from swinsr.errors import ShapeMismatchError
from swinsr.metrics.noise_ratio import decibels
from swinsr.metrics.pair import Image, Plane, luma, make_pair, require_rgb

WINDOW = 11
_RADIUS = WINDOW // 2
_OFFSETS = np.arange(-_RADIUS, _RADIUS + 1)
_GAUSSIAN = np.exp(-(_OFFSETS**2) / (2 * 1.5**2))
_GAUSSIAN /= _GAUSSIAN.sum()

# Values of a plane worked on together: the planes of a strip stay in the cache.
_STRIP_VALUES = 1 << 16


@dataclass(frozen=True)
class Score:
    """PSNR in dB and SSIM of one image."""

    psnr: float
    ssim: float


def ssim(sr: Image, hr: Image, *, border: int = 0, data_range: float | None = None) -> float:
    """SSIM of gray images, or the mean over the three channels of RGB images.

    Args:
        sr, hr: (height, width), (height, width, 1) or (height, width, 3), uint8 (range 255),
            uint16 (range 65535) or float; same shape and type.
        border: pixels removed from each edge first.
        data_range: the value of white; needed for float images alone.

    Returns:
        At most 1, for identical images.

    Raises:
        ShapeMismatchError: shapes differ or less than one window is left after the border.
        ImageError: types differ, or the value of white is not known.

    Source: see the module; equals BasicSR's `calculate_ssim`.
    """
    return psnr_ssim(sr, hr, border=border, data_range=data_range).ssim


def ssim_y(sr: Image, hr: Image, *, border: int, data_range: float | None = None) -> float:
    """SSIM on the BT.601 luma channel, as super-resolution papers report it.

    Arguments and errors are those of `psnr_y`; one whole window must be left after the border.
    """
    return psnr_ssim_y(sr, hr, border=border, data_range=data_range).ssim


def psnr_ssim(sr: Image, hr: Image, *, border: int = 0, data_range: float | None = None) -> Score:
    """What `psnr` and `ssim` give, in one pass over the images."""
    pair = make_pair(sr, hr, border=border, data_range=data_range)
    planes = [
        _compare(pair.sr[..., channel], pair.hr[..., channel], pair.data_range)
        for channel in range(pair.sr.shape[2])
    ]
    error, similarity = np.mean(planes, axis=0)
    return Score(decibels(float(error), pair.data_range), float(similarity))


def psnr_ssim_y(sr: Image, hr: Image, *, border: int, data_range: float | None = None) -> Score:
    """What `psnr_y` and `ssim_y` give, in one pass over the images."""
    pair = make_pair(sr, hr, border=border, data_range=data_range)
    require_rgb(pair)
    error, similarity = _compare(pair.sr, pair.hr, pair.data_range)
    return Score(decibels(error, pair.data_range), similarity)


def _compare(x: Image, y: Image, data_range: float) -> tuple[float, float]:
    """Mean squared error and SSIM of two planes (height, width), or of the Y of two RGB images."""
    height, width = x.shape[:2]
    if min(height, width) < WINDOW:
        raise ShapeMismatchError(
            f"SSIM needs {WINDOW}x{WINDOW} pixels inside the border, but {height}x{width} are left"
        )
    rows = max(WINDOW, _STRIP_VALUES // width)
    room = np.empty((2, 4 * (rows + WINDOW - 1) * width))
    squares = total = 0.0
    # The windows of a strip begin in its rows and reach beyond them.
    for top in range(0, height, rows):
        strip = slice(top, min(top + rows + WINDOW - 1, height))
        one, two = x[strip], y[strip]
        if x.ndim == 3:
            one, two = luma(one, data_range), luma(two, data_range)
        # Each plane in one piece: the arithmetic on them is bound by memory.
        planes, filtered = room[:, : 4 * one.size].reshape(2, 4, *one.shape)
        s, d, s_squared, d_squared = planes
        np.add(one, two, out=s, dtype=np.float64)
        np.subtract(one, two, out=d, dtype=np.float64)
        np.multiply(s, s, out=s_squared)
        np.multiply(d, d, out=d_squared)
        squares += float(d_squared[:rows].sum())
        if len(one) >= WINDOW:
            # One call for the four planes, one below the other: a window across a seam is not
            # whole and is left out, as are all that would reach beyond the edge.
            flat = (-1, width)
            cv2.sepFilter2D(
                planes.reshape(flat), -1, _GAUSSIAN, _GAUSSIAN, filtered.reshape(flat), (0, 0)
            )
            total += _similarity_sum(filtered[:, : 1 - WINDOW], data_range)
    return squares / (height * width), total / ((height - WINDOW + 1) * (width - WINDOW + 1))


def _similarity_sum(filtered: Plane, data_range: float) -> float:
    """Sum of SSIM over the whole windows of a strip.

    Args:
        filtered: (4, rows, width) window means of s, d, s^2 and d^2, where element (row, column)
            is of the window that begins there; overwritten.
        data_range: the value of white.
    """
    mean_s, mean_d, variance_s, variance_d = filtered
    mean_s *= mean_s
    mean_d *= mean_d
    variance_s -= mean_s
    variance_d -= mean_d
    mean_s += 2 * (0.01 * data_range) ** 2
    variance_s += 2 * (0.03 * data_range) ** 2
    ratio = mean_s - mean_d
    ratio *= variance_s - variance_d
    mean_s += mean_d
    variance_s += variance_d
    mean_s *= variance_s
    ratio /= mean_s
    return float(ratio[:, : 1 - WINDOW].sum())
