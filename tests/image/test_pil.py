"""Pillow images of every mode, in and out."""

import io

import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr.errors import ImageReadError
from swinsr.image import Image, Metadata, from_pil, to_depth, to_pil
from tests.image.image_files import (
    cmyk_profile,
    exif_bytes,
    pillow_bytes,
    random_samples,
    rgb_profile,
)

RGBA = random_samples((8, 9, 4), np.uint8)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "RGBX", "YCbCr", "HSV", "PA"])
def test_8_bit_modes_have_the_samples_of_pillows_conversion(mode):
    picture = PilImage.fromarray(RGBA)
    if mode in ("HSV", "YCbCr", "P"):
        picture = picture.convert("RGB")
    elif mode == "PA":
        picture = picture.convert("P")
    picture = picture.convert(mode)
    image = from_pil(picture)
    gray = mode in ("1", "L", "LA")
    expected = np.array(picture.convert("LA" if gray else "RGBA"))
    assert np.array_equal(image.pixels, expected[..., :-1])
    assert (image.alpha is not None) == (mode in ("LA", "RGBA", "PA"))
    if image.alpha is not None:
        assert np.array_equal(image.alpha, expected[..., -1])


@pytest.mark.parametrize("mode", ["I;16", "I;16B", "I"])
def test_16_bit_modes_stay_16_bit(mode):
    values = random_samples((8, 9), np.uint16)
    if mode == "I":
        picture = PilImage.fromarray(values.astype(np.int32))
    else:
        data = values.astype(">u2" if mode == "I;16B" else "<u2").tobytes()
        picture = PilImage.frombytes(mode, (9, 8), data)
    image = from_pil(picture)
    assert image.pixels.dtype == np.uint16
    assert np.array_equal(image.pixels[..., 0], values)


def test_large_integers_are_refused():
    with pytest.raises(ImageReadError, match="no defined white"):
        from_pil(PilImage.fromarray(np.full((2, 2), 70000, np.int32)))


def test_palette_transparency_becomes_alpha():
    picture = PilImage.fromarray(RGBA[..., :3]).convert("P", palette=PilImage.Palette.ADAPTIVE)
    picture.info["transparency"] = 3
    image = from_pil(picture)
    assert np.array_equal(image.alpha == 0, np.array(picture) == 3)


def test_cmyk_and_lab_become_srgb():
    cmyk = PilImage.frombytes("CMYK", (9, 8), RGBA.tobytes())
    plain = from_pil(cmyk)
    assert "approximate" in plain.notes[0]
    cmyk.info["icc_profile"] = cmyk_profile()
    managed = from_pil(cmyk)
    assert managed.notes == ()
    assert not np.array_equal(managed.pixels, plain.pixels)
    assert managed.metadata.icc[16:20] == b"RGB "
    gray = PilImage.new("LAB", (2, 2), (128, 128, 128))  # a = b = 0 is stored as 128 in Pillow
    assert from_pil(gray).pixels.shape == (2, 2, 3)


def test_damaged_lazy_file_is_our_error():
    data = pillow_bytes(random_samples((64, 64, 3), np.uint8), "JPEG")
    picture = PilImage.open(io.BytesIO(data[: len(data) // 2]))
    with pytest.raises(ImageReadError, match="damaged or cut short"):
        from_pil(picture)


@pytest.mark.parametrize(
    ("dtype", "channels", "alpha", "mode"),
    [
        (np.uint8, 1, False, "L"),
        (np.uint8, 1, True, "LA"),
        (np.uint8, 3, False, "RGB"),
        (np.uint8, 3, True, "RGBA"),
        (np.uint16, 1, False, "I;16"),
        (np.uint16, 1, True, "LA"),
        (np.uint16, 3, False, "RGB"),
        (np.float32, 1, False, "F"),
        (np.float32, 3, True, "RGBA"),
    ],
)
def test_modes_out_and_back(dtype, channels, alpha, mode):
    image = Image(
        random_samples((5, 6, channels), dtype), random_samples((5, 6), dtype) if alpha else None
    )
    picture = to_pil(image)
    assert picture.mode == mode
    back = from_pil(picture)
    if mode in ("L", "LA", "RGB", "RGBA", "I;16", "F") and back.pixels.dtype == dtype:
        assert np.array_equal(back.pixels, image.pixels)
    else:
        assert np.array_equal(back.pixels, to_depth(image.pixels, np.uint8))


def test_metadata_goes_both_ways():
    metadata = Metadata(rgb_profile(), exif_bytes(6), b"<x/>", (300.0, 150.0))
    picture = to_pil(Image(RGBA[..., :3], None, metadata))
    assert from_pil(picture).metadata == metadata
    assert picture.getexif()[0x0112] == 6, "Pillow images are not turned, as in Pillow itself"


def test_arrays_are_copies_that_may_be_written_to():
    picture = PilImage.fromarray(RGBA)
    from_pil(picture).pixels[:] = 0
    assert np.array_equal(np.array(picture), RGBA)
