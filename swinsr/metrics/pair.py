"""What every metric does first: check the two images, find their range, cut the border, take Y."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ImageError, ShapeMismatchError

Image = NDArray[Any]
Plane = NDArray[np.float64]  # (height, width), in the image's own units

# ITU-R BT.601 studio range, for components in 0..1 and a result in 16..235.
_LUMA_WEIGHTS = (65.481 / 255, 128.553 / 255, 24.966 / 255)
_LUMA_OFFSET = 16 / 255


@dataclass(frozen=True)
class Pair:
    """Two images that may be compared, with the border already cut."""

    sr: Image  # (height, width, channels), channels 1 or 3
    hr: Image
    data_range: float  # the value of white: 255, 65535 or as given


def make_pair(sr: Image, hr: Image, *, border: int = 0, data_range: float | None = None) -> Pair:
    """Check two images and cut `border` pixels from each edge of both.

    Args:
        sr, hr: (height, width), (height, width, 1) or (height, width, 3), uint8, uint16 or float.
        border: pixels to cut from each edge.
        data_range: the value of white; follows from the type of uint8 and uint16 images.

    Raises:
        ShapeMismatchError: shapes differ, are none of the above, or nothing is left.
        ImageError: types differ, are none of the above, or float images come without data_range.
    """
    if sr.shape != hr.shape:
        raise ShapeMismatchError(
            f"The images to compare differ in shape, {sr.shape} and {hr.shape}; "
            "crop the truth to a multiple of the scale or resize one of them"
        )
    if sr.ndim not in (2, 3) or (sr.ndim == 3 and sr.shape[2] not in (1, 3)):
        raise ShapeMismatchError(
            f"Images to compare are (height, width) gray or (height, width, 3) RGB, not {sr.shape}"
        )
    if border < 0 or min(sr.shape[:2]) <= 2 * border:
        raise ShapeMismatchError(
            f"A border of {border} pixels leaves nothing of images of shape {sr.shape}"
        )
    if sr.dtype != hr.dtype:
        raise ImageError(
            f"The images to compare differ in type, {sr.dtype} and {hr.dtype}; convert one of them"
        )
    height, width = sr.shape[:2]
    inner = np.s_[border : height - border, border : width - border]
    sr, hr = sr[inner], hr[inner]
    if sr.ndim == 2:
        sr, hr = sr[..., None], hr[..., None]
    return Pair(sr, hr, _range_of(sr.dtype, data_range))


def _range_of(dtype: np.dtype[Any], data_range: float | None) -> float:
    if data_range is not None:
        return float(data_range)
    if dtype in (np.uint8, np.uint16):
        return float(np.iinfo(dtype).max)
    if dtype.kind == "f":
        raise ImageError(f"The value of white in {dtype} images is not known; give data_range")
    raise ImageError(f"Images to compare are uint8, uint16 or floating point, not {dtype}")


def luma(rgb: Image, data_range: float) -> Plane:
    """Y of BT.601 in float64, not rounded: black is 16 / 255 of the range and white 235 / 255.

    Args:
        rgb: (height, width, 3) in 0..data_range.
        data_range: the value of white.

    Source: ITU-R BT.601; MATLAB's `rgb2ycbcr`, which super-resolution papers score on.
    """
    y = cv2.transform(rgb.astype(np.float64), _luma_matrix(data_range))
    return np.asarray(y, np.float64)


def _luma_matrix(data_range: float) -> NDArray[np.float64]:  # (1, 4): weights and offset
    return np.array([[*_LUMA_WEIGHTS, _LUMA_OFFSET * data_range]])


def require_rgb(pair: Pair) -> None:
    """Refuse gray images where Y is asked for: full-range gray and Y differ by 1.3 dB.

    Raises:
        ShapeMismatchError: the images have one channel.
    """
    if pair.sr.shape[2] != 3:
        raise ShapeMismatchError(
            "Scores on Y need RGB images; score gray images without Y, or repeat the gray channel "
            "three times as the published scripts do"
        )
