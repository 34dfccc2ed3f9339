"""TIFF in every layout that tifffile, OpenCV or Pillow writes, against the samples it was given."""

import io
import itertools
import struct
import zlib

import numpy as np
import pytest
import tifffile
from PIL import Image as PilImage

from swinsr.errors import ImageReadError
from swinsr.image import from_pil, read_image
from tests.image.image_files import (
    cmyk_profile,
    exif_bytes,
    opencv_tiff,
    pillow_bytes,
    random_samples,
    rgb_profile,
    smooth_samples,
    tiff_bytes,
)

KINDS = {
    "gray": (1, "minisblack", None),
    "white-is-zero": (1, "miniswhite", None),
    "gray-alpha": (2, "minisblack", "unassalpha"),
    "rgb": (3, "rgb", None),
    "rgba": (4, "rgb", "unassalpha"),
    "rgb-other": (4, "rgb", "unspecified"),
}
LARGEST = {np.uint8: 255, np.uint16: 65535, np.float32: 1}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", LARGEST, ids=lambda t: t.__name__)
def test_every_layout_gives_the_samples_of_the_file(kind, dtype):
    count, photometric, extra = KINDS[kind]
    stored = random_samples((37, 45, count), dtype)
    expected = stored[..., : 1 if count < 3 else 3]
    if photometric == "miniswhite":
        expected = LARGEST[dtype] - expected
    layouts = itertools.product(
        (None, "zlib"), ("contig", "separate"), (None, (16, 32)), "<>", (False, True)
    )
    for compression, planar, tile, order, big in layouts:
        samples = stored[..., 0] if count == 1 else stored
        if count > 1 and planar == "separate":
            samples = np.moveaxis(stored, 2, 0)
        image = read_image(
            tiff_bytes(
                samples,
                photometric=photometric,
                compression=compression,
                planarconfig=planar if count > 1 else None,
                extrasamples=None if extra is None else [extra],
                tile=tile,
                byteorder=order,
                bigtiff=big,
                predictor=compression == "zlib" and dtype != np.float32,
            )
        )
        layout = (compression, planar, tile, order, big)
        assert image.pixels.dtype == dtype, layout
        assert np.array_equal(image.pixels, expected), layout
        if extra == "unassalpha":
            assert np.array_equal(image.alpha, stored[..., -1]), layout
        else:
            assert image.alpha is None, layout
        assert bool(image.notes) == (extra == "unspecified"), layout


@pytest.mark.parametrize("compression", [5, 8, 32946, 32773], ids=["lzw", "zip", "oldzip", "pack"])
@pytest.mark.parametrize("count", [1, 3, 4])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16], ids=["8", "16"])
def test_compressions_of_libtiff(compression, count, dtype):
    stored = random_samples((21, 18, count), dtype)
    image = read_image(opencv_tiff(stored, compression))
    assert np.array_equal(image.pixels, stored[..., :3])
    if count == 4:
        assert np.array_equal(image.alpha, stored[..., 3])


@pytest.mark.parametrize("count", [1, 3])
def test_float_with_lzw(count):
    stored = random_samples((21, 18, count), np.float32)
    assert np.array_equal(read_image(opencv_tiff(stored, 5)).pixels, stored)


def test_16_bit_white_is_zero_with_lzw():
    stored = random_samples((21, 18, 1), np.uint16)
    data = with_tag(opencv_tiff(stored, 5), 262, 0)
    assert np.array_equal(read_image(data).pixels, 65535 - stored)


@pytest.mark.parametrize("compression", [1, 5], ids=["plain", "lzw"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16], ids=["8", "16"])
def test_premultiplied_alpha_is_divided_out(dtype, compression):
    largest = LARGEST[dtype]
    stored = random_samples((21, 18, 4), dtype)
    stored[..., 3] = np.maximum(stored[..., 3], largest // 2)
    stored[..., :3] = np.minimum(stored[..., :3], stored[..., 3:])
    data = with_tag(opencv_tiff(stored, compression), 338, 1, append=True)
    image = read_image(data)
    exact = stored[..., :3] * float(largest) / stored[..., 3:]
    # Pillow, which decodes LZW of 8 bits, cuts off instead of rounding.
    assert np.abs(image.pixels - exact).max() <= (
        1 if dtype == np.uint8 and compression == 5 else 0.5
    )
    assert np.array_equal(image.alpha, stored[..., 3])


def test_fully_transparent_premultiplied_pixels_are_black():
    stored = np.zeros((4, 4, 4), np.uint16)
    data = tiff_bytes(stored, photometric="rgb", extrasamples=["assocalpha"])
    assert not read_image(data).pixels.any()


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "LA"])
@pytest.mark.parametrize("compression", [None, "tiff_lzw", "tiff_adobe_deflate", "packbits"])
def test_8_bit_modes_of_pillow(mode, compression):
    picture = PilImage.fromarray(random_samples((23, 31, 3), np.uint8)).convert(mode)
    data = pillow_bytes(np.array(picture.convert("RGBA")), "TIFF", mode, compression=compression)
    image = read_image(data)
    expected = np.array(PilImage.fromarray(np.array(picture.convert("RGBA"))).convert(mode))
    if mode == "P":
        assert image.pixels.shape == (23, 31, 3)
    elif mode == "1":
        assert np.array_equal(image.pixels[..., 0], expected * np.uint8(255))
    else:
        colours = 1 if mode in ("L", "LA") else 3
        assert np.array_equal(image.pixels, expected.reshape(23, 31, -1)[..., :colours])


def test_jpeg_compressed_tiff_is_close_to_the_picture():
    stored = smooth_samples(64, 64, 3)
    data = pillow_bytes(stored, "TIFF", compression="jpeg", quality=95)
    assert np.abs(read_image(data).pixels.astype(int) - stored).max() < 12


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16], ids=["8", "16"])
def test_cmyk_goes_through_its_profile_to_8_bit_srgb(dtype):
    inks = smooth_samples(20, 30, 3)
    inks = np.concatenate([inks, inks[..., :1] // 4], axis=2)
    data = tiff_bytes(
        inks.astype(dtype) * dtype(LARGEST[dtype] // 255),
        photometric="separated",
        iccprofile=cmyk_profile(),
    )
    image = read_image(data)
    via_pillow = PilImage.frombytes("CMYK", (30, 20), inks.tobytes())
    via_pillow.info["icc_profile"] = cmyk_profile()
    assert np.array_equal(image.pixels, from_pil(via_pillow).pixels)
    assert image.metadata.icc[16:20] == b"RGB "
    assert any("8-bit" in note for note in image.notes) == (dtype == np.uint16)


def test_half_and_double_floats_become_float32():
    stored = random_samples((9, 7, 3), np.float64)
    for dtype in (np.float16, np.float64):
        image = read_image(tiff_bytes(stored.astype(dtype), photometric="rgb"))
        assert np.array_equal(image.pixels, stored.astype(dtype).astype(np.float32))


def test_resolution_profile_and_exif_are_read():
    profile = rgb_profile()
    data = tiff_bytes(
        random_samples((8, 8, 3), np.uint16),
        photometric="rgb",
        iccprofile=profile,
        resolution=(100, 50),
        resolutionunit="CENTIMETER",
        software="Scanner 5",
    )
    metadata = read_image(data).metadata
    assert metadata.icc == profile
    assert metadata.dpi == pytest.approx((254, 127))
    assert b"Scanner 5" in metadata.exif


def test_several_pages_give_the_first_and_a_note():
    pages = random_samples((3, 8, 9), np.uint16)
    image = read_image(tiff_bytes(pages, photometric="minisblack"))
    assert np.array_equal(image.pixels[..., 0], pages[0])
    assert "pages" in image.notes[0]


@pytest.mark.parametrize(
    ("samples", "options", "reason"),
    [
        (np.zeros((4, 4), np.uint32), {}, "32-bit"),
        (np.zeros((4, 4), np.int16), {}, "16-bit"),
        (np.zeros((4, 4), np.int8), {}, "signed"),
        (np.full((4, 4), np.nan, np.float32), {}, "NaN"),
        (np.zeros((4, 4, 12), np.uint8), {"planarconfig": "contig"}, "12 samples"),
        (np.zeros((4, 4), np.uint16), {"extratags": [(50706, 1, 4, (1, 4, 0, 0), True)]}, "raw"),
    ],
)
def test_pixels_that_are_no_picture_are_refused_with_the_reason(samples, options, reason):
    with pytest.raises(ImageReadError, match=reason):
        read_image(tiff_bytes(samples, photometric="minisblack", **options))


def test_a_strip_that_inflates_beyond_the_picture_is_refused():
    data = bytearray(tiff_bytes(np.zeros((64, 64), np.uint16), compression="zlib"))
    bomb = zlib.compress(bytes(1 << 26), 9)
    data = with_tag(bytes(data), 273, len(data)) + bomb
    with pytest.raises(ImageReadError, match="larger than the picture"):
        read_image(with_tag(data, 279, len(bomb)))


def test_strips_beyond_the_end_are_refused():
    data = tiff_bytes(random_samples((64, 64), np.uint16))
    with pytest.raises(ImageReadError, match="ends early"):
        read_image(data[:-10])


def test_a_layout_that_needs_another_package_says_which(monkeypatch):
    monkeypatch.setattr("swinsr.image.formats.tiff.read.find_spec", lambda name: None)
    data = tiff_bytes(
        random_samples((8, 8, 2), np.uint16), photometric="minisblack", compression="lzma"
    )
    with pytest.raises(ImageReadError, match="pip install imagecodecs"):
        read_image(data)


def test_own_orientation_of_a_tiff_is_applied_once():
    stored = random_samples((8, 5, 3), np.uint8)
    for compression in (None, "tiff_lzw"):
        data = pillow_bytes(stored, "TIFF", compression=compression, tiffinfo={274: 6})
        assert np.array_equal(read_image(data).pixels, np.rot90(stored, -1))
    deep = random_samples((8, 5, 3), np.uint16)
    for data in (tiff_bytes(deep, photometric="rgb"), opencv_tiff(deep, 5)):
        turned = with_tag(data, 274, 6, append=True)
        assert np.array_equal(read_image(turned).pixels, np.rot90(deep, -1))


def with_tag(data: bytes, tag: int, value: int, *, append: bool = False) -> bytes:
    """A classic little-endian TIFF with one number changed, or added in a new directory."""
    assert data[:4] == b"II*\0"
    edited = bytearray(data)
    start = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, start)[0]
    entries = {}
    for index in range(count):
        at = start + 2 + 12 * index
        entries[struct.unpack_from("<H", data, at)[0]] = bytes(data[at : at + 12])
    if tag in entries and not append:
        at = start + 2 + 12 * list(entries).index(tag)
        struct.pack_into("<HII", edited, at + 2, 4, 1, value)
        return bytes(edited)
    entries[tag] = struct.pack("<HHIHxx", tag, 3, 1, value)
    edited += b"\0" * (len(edited) % 2)
    struct.pack_into("<I", edited, 4, len(edited))
    edited += struct.pack("<H", len(entries))
    for key in sorted(entries):
        edited += entries[key]
    return bytes(edited + bytes(4))


def test_the_helper_adds_what_tifffile_sees():
    data = with_tag(opencv_tiff(random_samples((4, 4, 4), np.uint16), 1), 338, 1, append=True)
    page = tifffile.TiffFile(io.BytesIO(data)).pages[0]
    assert page.extrasamples[0] == 1
    assert exif_bytes()[:2] == b"II"
