"""The quality of a JPEG file is told from its tables."""

import io

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from swinsr.image.formats.jpeg.quality import jpeg_quality

PIXELS = np.random.default_rng(0).integers(0, 256, (24, 24, 3), np.uint8)


@pytest.mark.parametrize("quality", [1, 10, 25, 49, 50, 51, 60, 75, 85, 90, 95, 98, 100])
def test_what_pillow_and_opencv_saved_is_found(quality: int) -> None:
    by_pillow = io.BytesIO()
    Image.fromarray(PIXELS).save(by_pillow, "JPEG", quality=quality)
    assert jpeg_quality(by_pillow.getvalue()) == quality
    _, code = cv2.imencode(".jpg", PIXELS, [cv2.IMWRITE_JPEG_QUALITY, quality])
    assert jpeg_quality(code.tobytes()) == quality


def test_other_tables_give_the_quality_that_is_as_coarse() -> None:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "JPEG", qtables=[[20] * 64, [30] * 64])
    found = jpeg_quality(file.getvalue())
    assert found is not None and 80 <= found <= 90


def test_progressive_gray_and_exif_make_no_difference() -> None:
    file = io.BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "x" * 3000
    Image.fromarray(PIXELS[..., 0]).save(file, "JPEG", quality=71, progressive=True, exif=exif)
    assert jpeg_quality(file.getvalue()) == 71


def test_what_is_no_jpeg_has_none() -> None:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "PNG")
    assert jpeg_quality(file.getvalue()) is None
    assert jpeg_quality(b"") is None


@given(cut=st.integers(0, 700), at=st.integers(0, 600), value=st.integers(0, 255))
def test_damaged_files_have_a_quality_or_none(cut: int, at: int, value: int) -> None:
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "JPEG", quality=80)
    data = bytearray(file.getvalue()[:cut])
    if at < len(data):
        data[at] = value
    found = jpeg_quality(bytes(data))
    assert found is None or 1 <= found <= 100
