"""EXIF: orientation applied and reset, sizes updated, thumbnail dropped, the rest untouched."""

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PilImage
from PIL import ImageOps

from swinsr.image import read_image, write_image
from swinsr.image.formats.exif import for_output, orientation_of, upright, with_orientation_reset
from swinsr.image.formats.faults import DamagedError
from tests.image.image_files import exif_bytes, exif_fields, pillow_bytes, random_samples

RGBA = random_samples((7, 11, 4), np.uint8)


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_picture_is_turned_as_pillow_turns_it(form, orientation):
    exif = PilImage.Exif()
    exif[0x0112] = orientation
    samples = RGBA[..., :3] if form == "JPEG" else RGBA
    options = {"lossless": True, "exact": True} if form == "WEBP" else {}
    data = pillow_bytes(samples, form, exif=exif, dpi=(300, 100), **options)
    image = read_image(data)
    with PilImage.open(io.BytesIO(data)) as picture:
        expected = np.array(ImageOps.exif_transpose(picture))
    assert np.array_equal(image.pixels, expected[..., :3])
    if form != "JPEG":
        assert np.array_equal(image.alpha, expected[..., 3])
    assert image.metadata.exif is None or orientation_of(image.metadata.exif) == 1
    if form != "WEBP":
        turned = (100, 300) if orientation >= 5 else (300, 100)
        assert image.metadata.dpi == pytest.approx(turned, abs=0.02)


def test_turning_goes_back_with_the_inverse():
    inverse = {1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 6: 8, 7: 7, 8: 6}
    for orientation, back in inverse.items():
        assert np.array_equal(upright(upright(RGBA, orientation), back), RGBA)


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_undefined_orientation_counts_as_upright(value):
    data = pillow_bytes(RGBA, "PNG", exif=exif_bytes(value))
    assert np.array_equal(read_image(data).pixels, RGBA[..., :3])


def test_orientation_in_xmp_is_reset_with_that_in_exif():
    for form in ('tiff:Orientation="6"', "<tiff:Orientation>6</tiff:Orientation>"):
        data = pillow_bytes(RGBA, "WEBP", exif=exif_bytes(6), xmp=f"<x {form}/>".encode())
        assert read_image(data).metadata.xmp == f"<x {form}/>".replace("6", "1").encode()
        kept = pillow_bytes(RGBA, "WEBP", xmp=f"<x {form}/>".encode())
        assert read_image(kept).metadata.xmp == f"<x {form}/>".encode()


@pytest.mark.parametrize("order", ["<", ">"])
def test_reset_changes_two_bytes_at_most(order):
    block = exif_bytes(6, order=order)
    reset = with_orientation_reset(block)
    assert len(reset) == len(block)
    assert sum(a != b for a, b in zip(block, reset, strict=True)) == 1
    assert orientation_of(reset) == 1


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(("height", "width"), [(40, 80), (70000, 90000)])
def test_output_block_has_the_new_size_and_no_thumbnail(order, height, width):
    block = exif_bytes(6, order=order)
    out = for_output(block, height, width)
    assert b"THUMBNAIL" in block
    assert b"THUMBNAIL" not in out
    assert len(out) < len(block)
    expected = {**exif_fields(block), 0x0112: 1, 0xA002: width, 0xA003: height}
    assert exif_fields(out) == expected
    first = struct.unpack_from(order + "H", out, 8)[0]
    assert struct.unpack_from(order + "I", out, 10 + 12 * first)[0] == 0, "IFD1 is still linked"


def test_thumbnail_amid_the_block_is_blanked_where_it_stands():
    block = exif_bytes() + b"more of the maker's"
    out = for_output(block, 5, 5)
    assert len(out) == len(block)
    assert b"THUMBNAIL" not in out
    assert out.endswith(b"more of the maker's")


def test_thumbnail_that_points_into_the_fields_blanks_nothing():
    block = bytearray(exif_bytes())
    at = block.index(struct.pack("<HHI", 0x0201, 4, 1))
    struct.pack_into("<I", block, at + 8, 8)
    struct.pack_into("<I", block, at + 20, 100)
    assert exif_fields(for_output(bytes(block), 5, 5))[0x010F] == "Acme Optics"


def test_damaged_block_is_left_out_with_a_note():
    data = pillow_bytes(RGBA, "PNG", exif=b"Exif\0\0II*\0\xff\xff\xff\x7f")
    image = read_image(data)
    assert image.metadata.exif is None
    assert "EXIF" in image.notes[0]


@settings(max_examples=200, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 500), st.integers(0, 255)), max_size=8), st.integers(0, 500)
)
def test_damaged_blocks_never_break_the_editor(changes, cut):
    block = bytearray(exif_bytes(6))
    for at, value in changes:
        block[at % len(block)] = value
    del block[cut:]
    for edit in (orientation_of, with_orientation_reset, lambda b: for_output(b, 9, 9)):
        try:
            edit(bytes(block))
        except DamagedError:
            continue


def test_exif_of_a_tiff_survives_the_way_to_jpeg_and_back(tmp_path):
    exif = PilImage.Exif()
    exif.load(exif_bytes(3))
    data = pillow_bytes(RGBA[..., :3], "TIFF", exif=exif)
    image = read_image(data)
    assert np.array_equal(image.pixels, RGBA[::-1, ::-1, :3])
    write_image(tmp_path / "x.jpg", image)
    write_image(tmp_path / "x.tif", read_image(tmp_path / "x.jpg"))
    fields = exif_fields(read_image(tmp_path / "x.tif").metadata.exif)
    expected = exif_fields(exif_bytes())
    for tag in (0x010F, 0x9003, 0x927C, 0x10001, 0x10002):
        assert fields[tag] == expected[tag]
    assert (fields[0xA002], fields[0xA003], fields[0x0112]) == (11, 7, 1)
