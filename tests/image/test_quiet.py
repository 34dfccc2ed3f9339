"""Process-wide switches are back where they were, whatever the threads did."""

import sys
import threading
import warnings

import cv2
import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr.errors import SwinsrError
from swinsr.image import read_image
from tests.image.image_files import exif_bytes, opencv_tiff, pillow_bytes, random_samples

RGB = random_samples((8, 8, 3), np.uint8)
LOG = getattr(cv2.utils, "logging", cv2)


def test_threads_leave_warnings_log_level_and_pixel_limit_as_they_were(monkeypatch):
    monkeypatch.setattr("PIL.Image.MAX_IMAGE_PIXELS", 20)
    files = [pillow_bytes(RGB, form) for form in ("WEBP", "JPEG")]
    files.append(pillow_bytes(random_samples((30, 30, 3), np.uint8), "WEBP"))
    files.append(opencv_tiff(random_samples((8, 8, 3), np.uint16), 5))
    before = list(warnings.filters), LOG.getLogLevel()
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    failures = []

    def read_all():
        try:
            for _ in range(25):
                for data in files:
                    read_image(data)
        except SwinsrError as error:
            failures.append(error)

    threads = [threading.Thread(target=read_all) for _ in range(6)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    assert failures == []
    assert (list(warnings.filters), LOG.getLogLevel()) == before
    assert PilImage.MAX_IMAGE_PIXELS == 20


def test_odd_exif_fields_do_not_warn_the_user():
    block = bytearray(exif_bytes())
    block[block.index(b"\x0f\x01\x02\x00") + 4] = 255  # the maker's name longer than the block
    block = bytes(block[:200])
    data = pillow_bytes(RGB, "JPEG", exif=b"Exif\0\0" + block)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read_image(data)
    with pytest.warns(UserWarning):
        exif = PilImage.Exif()
        exif.load(block)
        list(exif.items())
