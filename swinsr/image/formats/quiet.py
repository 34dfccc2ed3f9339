"""Libraries kept from writing to standard error, and from limits other than the caller's.

What is switched here belongs to the whole process, so threads share it: the first switches it off
and the last switches it back.
"""

import os
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import cv2
from PIL import Image as PilImage

_OPENCV_LOG: Any = getattr(cv2.utils, "logging", cv2)  # OpenCV 5 moved the two functions
_SILENT = 0
_STANDARD_ERROR = 2


class _Shared:
    """A switch that stays on while any thread is inside."""

    def __init__(self, switch: Callable[[], Callable[[], object]]) -> None:
        self._switch = switch  # switches on, and gives what switches back
        self._lock = threading.Lock()
        self._inside = 0
        self._back: Callable[[], object] = lambda: None

    @contextmanager
    def on(self) -> Iterator[None]:
        with self._lock:
            if self._inside == 0:
                self._back = self._switch()
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1
                if self._inside == 0:
                    self._back()


def _silence_opencv() -> Callable[[], object]:
    before = _OPENCV_LOG.getLogLevel()
    _OPENCV_LOG.setLogLevel(_SILENT)
    return lambda: _OPENCV_LOG.setLogLevel(before)


def _silence_warnings() -> Callable[[], object]:
    caught = warnings.catch_warnings()
    caught.__enter__()
    warnings.simplefilter("ignore")
    return lambda: caught.__exit__(None, None, None)


def _silence_descriptor() -> Callable[[], object]:
    try:
        if sys.stderr.fileno() != _STANDARD_ERROR:
            return lambda: None
    except (AttributeError, OSError, ValueError):  # none, or not a file of the system's
        return lambda: None
    before = sys.stderr
    before.flush()
    kept = os.dup(_STANDARD_ERROR)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, _STANDARD_ERROR)
    os.close(nowhere)
    sys.stderr = os.fdopen(kept, "w", encoding=before.encoding, errors=before.errors, buffering=1)

    def back() -> None:
        sys.stderr.flush()
        os.dup2(kept, _STANDARD_ERROR)
        sys.stderr.close()
        sys.stderr = before

    return back


class _PixelLimit:
    """Pillow's global limit, held at what the largest picture being decoded needs."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._approved: list[int] = []
        self._before: int | None = None

    @contextmanager
    def at_least(self, pixels: int) -> Iterator[None]:
        with self._lock:
            if not self._approved:
                self._before = PilImage.MAX_IMAGE_PIXELS
            self._approved.append(pixels)
            self._set()
        try:
            yield
        finally:
            with self._lock:
                self._approved.remove(pixels)
                self._set()

    def _set(self) -> None:
        if self._before is not None:  # None is no limit
            PilImage.MAX_IMAGE_PIXELS = max([self._before, *self._approved])


_opencv = _Shared(_silence_opencv)
_warnings = _Shared(_silence_warnings)
_descriptor = _Shared(_silence_descriptor)
_pixel_limit = _PixelLimit()


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Errors that OpenCV reports by its result, and logs besides, are not logged in here."""
    with _opencv.on():
        yield


@contextmanager
def quiet_descriptor() -> Iterator[None]:
    """What C libraries write to standard error by themselves is lost; what Python writes is not."""
    with _descriptor.on():
        yield


@contextmanager
def quiet_pillow(pixels: int) -> Iterator[None]:
    """Let Pillow decode a picture of an approved size without its warnings on odd EXIF fields.

    Some of its readers ask its global pixel limit a second time, so that is raised meanwhile.
    """
    with _warnings.on(), _pixel_limit.at_least(pixels):
        yield
