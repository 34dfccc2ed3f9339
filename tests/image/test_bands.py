"""Large files in bands: what comes out is what reading and writing as a whole gives."""

import io
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr.errors import ImageReadError, ImageTooLargeError
from swinsr.image import Image, Metadata, encode_image, read_image, write_image
from swinsr.image.bands import Outline, encode_bands, open_bands

KINDS = [
    (3, False, np.uint8),
    (1, False, np.uint8),
    (3, True, np.uint8),
    (1, True, np.uint16),
    (3, False, np.uint16),
    (3, False, np.float32),
]


def samples(height: int, width: int, channels: int, dtype: Any) -> Any:
    noise = np.random.default_rng(0).random((height, width, channels), np.float32)
    smooth = cv2.GaussianBlur(noise, (0, 0), 2).reshape(noise.shape)
    top = 1 if dtype == np.float32 else np.iinfo(dtype).max
    return (smooth * top).astype(dtype)


def as_image(array: Any, colours: int, metadata: Metadata) -> Image:
    alpha = np.ascontiguousarray(array[..., -1]) if array.shape[2] > colours else None
    return Image(np.ascontiguousarray(array[..., :colours]), alpha, metadata)


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG", "WebP", "BMP"])
@pytest.mark.parametrize(("colours", "alpha", "dtype"), KINDS)
@pytest.mark.parametrize("rows", [1, 37, 500])
def test_written_in_bands_is_the_picture_written_at_once(
    form: str, colours: int, alpha: bool, dtype: Any, rows: int
) -> None:
    array = samples(301, 277, colours + alpha, dtype)
    metadata = Metadata(dpi=(300, 300))
    outline = Outline(301, 277, colours, alpha, np.dtype(dtype), metadata)
    banded, whole = io.BytesIO(), io.BytesIO()
    bands = (array[top : top + rows] for top in range(0, 301, rows))
    notes = encode_bands(banded, outline, bands, form, quality=95)
    expected = encode_image(whole, as_image(array, colours, metadata), form, quality=95)
    assert notes == expected
    first, second = read_image(banded.getvalue()), read_image(whole.getvalue())
    assert np.array_equal(first.pixels, second.pixels)
    assert (first.alpha is None) == (second.alpha is None)
    assert first.alpha is None or np.array_equal(first.alpha, second.alpha)
    assert first.metadata == second.metadata


@pytest.mark.parametrize("quality", [80, 95])
@pytest.mark.parametrize("colours", [1, 3])
def test_jpeg_of_many_bands_is_read_alike_by_other_decoders(quality: int, colours: int) -> None:
    vips = pytest.importorskip("pyvips", reason="pyvips is not installed")
    array = samples(2003, 1501, colours, np.uint8)
    stream = io.BytesIO()
    outline = Outline(2003, 1501, colours, False, np.dtype(np.uint8), Metadata())
    encode_bands(stream, outline, [array], "JPEG", quality=quality)
    whole = io.BytesIO()
    encode_image(whole, Image(array), "JPEG", quality=quality)
    data = stream.getvalue()
    assert b"\xff\xdd" in data  # restart markers, so that more than one band is in it
    expected = read_image(whole.getvalue()).pixels
    flag = cv2.IMREAD_COLOR_RGB if colours == 3 else cv2.IMREAD_GRAYSCALE
    by_opencv = cv2.imdecode(np.frombuffer(data, np.uint8), flag).reshape(array.shape)
    by_vips = vips.Image.jpegload_buffer(data).numpy().reshape(array.shape)
    assert np.array_equal(read_image(data).pixels, expected)
    assert np.abs(by_opencv.astype(int) - expected).max() <= 1
    assert np.abs(by_vips.astype(int) - expected).max() <= 1


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
@pytest.mark.parametrize(("colours", "alpha", "dtype"), KINDS[:5])
def test_read_in_bands_is_the_picture_read_at_once(
    suffix: str, colours: int, alpha: bool, dtype: Any, tmp_path: Path
) -> None:
    pytest.importorskip("pyvips", reason="pyvips is not installed")
    path = tmp_path / f"in{suffix}"
    metadata = Metadata(dpi=(300, 300), xmp=b"<x/>")
    write_image(path, as_image(samples(301, 277, colours + alpha, dtype), colours, metadata))
    whole, banded = read_image(path), open_bands(path)
    assert banded is not None
    array = np.concatenate(list(banded.bands()))
    assert array.dtype == whole.pixels.dtype == banded.dtype
    assert np.array_equal(array[..., : banded.channels], whole.pixels)
    assert banded.has_alpha == (whole.alpha is not None)
    assert whole.alpha is None or np.array_equal(array[..., -1], whole.alpha)
    assert banded.metadata == whole.metadata


def test_kinds_that_might_come_out_otherwise_are_left_to_the_other_reader(tmp_path: Path) -> None:
    pytest.importorskip("pyvips", reason="pyvips is not installed")
    picture = PilImage.fromarray(samples(40, 30, 3, np.uint8))
    exif = PilImage.Exif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    picture.convert("CMYK").save(tmp_path / "inks.jpg")
    picture.convert("P").save(tmp_path / "palette.png")
    picture.convert("1").save(tmp_path / "bits.png")
    picture.save(tmp_path / "other.webp")
    picture.save(tmp_path / "pages.tif", save_all=True, append_images=[picture])
    for path in tmp_path.iterdir():
        assert open_bands(path) is None, path.name


@pytest.mark.parametrize("suffix", [".png", ".tif", ".jpg"])
def test_cut_short_is_an_error_and_not_gray(suffix: str, tmp_path: Path) -> None:
    pytest.importorskip("pyvips", reason="pyvips is not installed")
    path = tmp_path / f"in{suffix}"
    write_image(path, Image(samples(400, 300, 3, np.uint8)))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ImageReadError, match="damaged or cut short"):
        banded = open_bands(path)
        assert banded is not None
        list(banded.bands())


def test_pixel_limit_holds_before_anything_is_decoded(tmp_path: Path) -> None:
    pytest.importorskip("pyvips", reason="pyvips is not installed")
    path = tmp_path / "in.png"
    write_image(path, Image(samples(40, 30, 3, np.uint8)))
    with pytest.raises(ImageTooLargeError):
        open_bands(path, max_pixels=100)
