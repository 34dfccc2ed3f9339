"""JPEG artefacts, by a real encoder."""

import cv2
import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ConfigError, ShapeMismatchError

Bytes = NDArray[np.uint8]


def jpeg(image: Bytes, quality: int) -> Bytes:
    """Encode with OpenCV (libjpeg, 4:2:0 for colour) and decode again.

    Args:
        image: (height, width, 1 or 3) uint8, gray or RGB.
        quality: 1 to 100, libjpeg's scale.

    Returns:
        As `image`.

    Raises:
        ConfigError: a quality outside its range.
        ShapeMismatchError: another shape.
    """
    if not 1 <= quality <= 100:
        raise ConfigError(f"JPEG quality {quality} is not possible; use 1 to 100")
    if image.ndim != 3 or image.shape[2] not in (1, 3) or 0 in image.shape:
        raise ShapeMismatchError(f"jpeg takes (height, width, 1 or 3), not {image.shape}")
    colour = image.shape[2] == 3
    pixels = np.ascontiguousarray(image[..., ::-1] if colour else image)
    _, code = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, int(quality)])
    flag = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
    decoded = np.asarray(cv2.imdecode(code, flag), np.uint8).reshape(image.shape)
    return np.ascontiguousarray(decoded[..., ::-1] if colour else decoded)
