"""The validation picture: input, output and truth side by side."""

from pathlib import Path

import cv2
import numpy as np

from swinsr.image import Image, to_rgb, write_image
from swinsr.training.data.crops import choose_place
from swinsr.training.data.pictures import Pixels

SIDE = 192  # of each of the three squares, in pixels of the truth
GAP = 4


def side_by_side(low: Pixels, output: Pixels, truth: Pixels) -> Pixels:
    """The most textured square of a picture, as input (pixels repeated), output and truth.

    Args:
        low: (height / scale, width / scale, channels).
        output, truth: (height, width, channels).

    Returns:
        (side, 3 * side + gaps, 3).
    """
    scale = truth.shape[0] // low.shape[0]
    side = min(SIDE, *truth.shape[:2]) // scale
    top, left = choose_place(low, side, 64, np.random.default_rng(0))
    square = low[top : top + side, left : left + side]
    size = (side * scale, side * scale)
    enlarged = cv2.resize(square, size, interpolation=cv2.INTER_NEAREST)
    place = np.s_[top * scale : (top + side) * scale, left * scale : (left + side) * scale]
    gap = np.full((size[0], GAP, 3), 255, np.uint8)
    parts = [
        np.asarray(to_rgb(part), np.uint8)
        for part in (enlarged.reshape(*size, -1), output[place], truth[place])
    ]
    return np.concatenate([parts[0], gap, parts[1], gap, parts[2]], axis=1)


def write_sheet(path: Path, sheet: Pixels) -> None:
    """Write it as PNG, in place of what was there.

    Raises:
        ImageWriteError: it cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, Image(np.ascontiguousarray(sheet)), overwrite=True)
