"""Libraries kept from writing to standard error, and from limits other than the caller's."""

import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import cv2
from PIL import Image as PilImage

_RAISED = threading.Lock()
_OPENCV_LOG: Any = getattr(cv2.utils, "logging", cv2)  # OpenCV 5 moved the two functions
_SILENT = 0


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Errors that OpenCV reports by its result, and logs besides, are not logged in here."""
    before = _OPENCV_LOG.getLogLevel()
    _OPENCV_LOG.setLogLevel(_SILENT)
    try:
        yield
    finally:
        _OPENCV_LOG.setLogLevel(before)


@contextmanager
def quiet_pillow(pixels: int) -> Iterator[None]:
    """Let Pillow decode a picture of an approved size without its warnings on odd EXIF fields.

    Some of its readers ask its global pixel limit a second time. The limit is raised only for a
    picture above it, and such pictures are decoded one at a time.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limit = PilImage.MAX_IMAGE_PIXELS
        if limit is None or pixels <= limit:
            yield
            return
        with _RAISED:
            limit = PilImage.MAX_IMAGE_PIXELS
            PilImage.MAX_IMAGE_PIXELS = pixels
            try:
                yield
            finally:
                PilImage.MAX_IMAGE_PIXELS = limit
