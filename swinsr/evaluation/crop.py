"""The piece of a picture that the report shows."""

import base64
import io
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from swinsr.image import Image, encode_image, to_depth, to_float, to_gray

Array = NDArray[Any]
SIDE = 160  # pixels of the truth, at most


@dataclass(frozen=True)
class CropPlace:
    """A rectangle of the truth, whose sides and corner are multiples of the scale."""

    top: int
    left: int
    height: int
    width: int

    def of(self, picture: Array) -> Array:
        """The piece of a picture of the truth's size."""
        return picture[self.top : self.top + self.height, self.left : self.left + self.width]

    def smaller(self, scale: int) -> "CropPlace":
        """The same piece of the input."""
        return CropPlace(*(n // scale for n in (self.top, self.left, self.height, self.width)))


def find_place(truth: Array, scale: int) -> CropPlace:
    """The piece with the most fine detail, so that models differ there; the same for all models.

    Args:
        truth: (height, width, 1 or 3); sides are multiples of the scale.
        scale: factor of enlargement.
    """
    height, width = truth.shape[:2]
    side = SIDE - SIDE % scale or scale
    h, w = min(side, height), min(side, width)
    gray = np.nan_to_num(to_float(to_gray(truth))[..., 0])
    detail = np.abs(gray - cv2.blur(gray, (9, 9)))
    sums = cv2.integral(detail)  # (height + 1, width + 1) float64
    tops = np.arange(0, height - h + 1, scale)[:, None]
    lefts = np.arange(0, width - w + 1, scale)[None]
    inside = sums[tops + h, lefts + w] - sums[tops, lefts + w] - sums[tops + h, lefts]
    inside += sums[tops, lefts]
    row, column = np.unravel_index(int(inside.argmax()), inside.shape)
    return CropPlace(int(row) * scale, int(column) * scale, h, w)


def encode_crop(pixels: Array) -> str:
    """A piece as lossless WebP in base64, 8 bits.

    Args:
        pixels: (height, width, 1 or 3) uint8, uint16, or float32 in 0..1.
    """
    stream = io.BytesIO()
    image = Image(np.ascontiguousarray(to_depth(pixels, np.uint8)))
    encode_image(stream, image, "WebP", lossless=True)
    return base64.b64encode(stream.getvalue()).decode("ascii")
