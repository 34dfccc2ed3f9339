"""Blurring and plain resizing, on float32 pictures in 0..1."""

import cv2
import numpy as np
from numpy.typing import NDArray

from swinsr.degradations.kernels import Kernel
from swinsr.errors import ConfigError

Float = NDArray[np.float32]

MODES = {"area": cv2.INTER_AREA, "bilinear": cv2.INTER_LINEAR, "bicubic": cv2.INTER_CUBIC}


def blur(image: Float, kernel: Kernel) -> Float:
    """Filter with a kernel; edges mirror without repeating the edge pixel.

    Args:
        image: (height, width, channels).
        kernel: (size, size), odd.

    Returns:
        As `image`.
    """
    filtered = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(filtered, np.float32).reshape(image.shape)


def resize(image: Float, size: tuple[int, int], mode: str) -> Float:
    """Resize as image software does, without antialiasing but in mode "area".

    Args:
        image: (height, width, channels).
        size: new (height, width).
        mode: one of `MODES`.

    Raises:
        ConfigError: an unknown mode or an empty size.
    """
    if mode not in MODES:
        raise ConfigError(f"Unknown resize mode {mode!r}; use one of {', '.join(MODES)}")
    if min(size) < 1:
        raise ConfigError(f"The size {size} to resize to must be positive")
    resized = cv2.resize(image, (size[1], size[0]), interpolation=MODES[mode])
    return np.asarray(resized, np.float32).reshape(*size, image.shape[2])
