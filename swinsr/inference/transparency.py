"""Alpha enlarged with the model that enlarges the colours, without halos or specks."""

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float32]


def enlarge_alpha(
    alpha: FloatArray, size: tuple[int, int], enlarge: Callable[[FloatArray], FloatArray]
) -> FloatArray:
    """Enlarge alpha and keep it between the smallest and the largest value around each pixel.

    A network or a cubic overshoots at edges. Held to the 3x3 pixels that surround it, what was
    wholly transparent or wholly opaque stays exactly so.

    Args:
        alpha: (H, W) in 0..1.
        size: (height, width) of the result.
        enlarge: (H, W, 1) -> (height, width, 1).

    Returns:
        (height, width) in 0..1.
    """
    kernel = np.ones((3, 3), np.uint8)
    low, high = (_nearest(f(alpha, kernel), size) for f in (cv2.erode, cv2.dilate))
    out: FloatArray = np.clip(enlarge(alpha[..., None])[..., 0], low, high)
    return out


def _nearest(plane: Any, size: tuple[int, int]) -> FloatArray:
    height, width = size
    rows = (np.arange(height) * plane.shape[0]) // height
    columns = (np.arange(width) * plane.shape[1]) // width
    out: FloatArray = plane[rows[:, None], columns]
    return out
