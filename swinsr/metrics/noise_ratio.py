"""Peak signal-to-noise ratio: 10 log10(range^2 / mean squared error)."""

from math import inf, log10

import cv2
import numpy as np

from swinsr.metrics.pair import Image, Pair, luma, make_pair, require_rgb


def decibels(mean_squared_error: float, data_range: float) -> float:
    """PSNR of a mean squared error; inf where it is 0."""
    if mean_squared_error == 0:
        return inf
    return 10 * log10(data_range * data_range / mean_squared_error)


def psnr(sr: Image, hr: Image, *, border: int = 0, data_range: float | None = None) -> float:
    """PSNR in dB of gray images, or over all three channels of RGB images together.

    Args:
        sr, hr: (height, width), (height, width, 1) or (height, width, 3), uint8 (range 255),
            uint16 (range 65535) or float; same shape and type.
        border: pixels removed from each edge first.
        data_range: the value of white; needed for float images alone.

    Returns:
        Decibels; inf for identical images.

    Raises:
        ShapeMismatchError: shapes differ or nothing is left after the border.
        ImageError: types differ, or the value of white is not known.

    Source: BasicSR's `calculate_psnr`, which it equals.
    """
    pair = make_pair(sr, hr, border=border, data_range=data_range)
    return decibels(_mean_squared_error(pair), pair.data_range)


def psnr_y(sr: Image, hr: Image, *, border: int, data_range: float | None = None) -> float:
    """PSNR in dB on the BT.601 luma channel, as super-resolution papers report it.

    Args:
        sr, hr: (height, width, 3) RGB, uint8, uint16 or float; same shape and type.
        border: pixels removed from each edge first; papers use the scale.
        data_range: the value of white; needed for float images alone.

    Returns:
        Decibels; inf for identical images.

    Raises:
        ShapeMismatchError: shapes differ, are not RGB, or nothing is left after the border.
        ImageError: types differ, or the value of white is not known.

    Source: the SwinIR evaluation protocol; float64 throughout, Y not rounded.
    """
    pair = make_pair(sr, hr, border=border, data_range=data_range)
    require_rgb(pair)
    difference = luma(pair.sr, pair.data_range)
    difference -= luma(pair.hr, pair.data_range)
    flat = difference.ravel()
    return decibels(float(flat @ flat) / flat.size, pair.data_range)


def _mean_squared_error(pair: Pair) -> float:
    if pair.sr.dtype == np.uint8:
        # Exact: OpenCV adds the squares of bytes up as integers.
        sr, hr = np.ascontiguousarray(pair.sr), np.ascontiguousarray(pair.hr)
        return float(cv2.norm(sr, hr, cv2.NORM_L2SQR)) / pair.sr.size
    difference = np.subtract(pair.sr, pair.hr, dtype=np.float64).ravel()
    return float(difference @ difference) / difference.size
