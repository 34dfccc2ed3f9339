"""Metadata on its way from one format to another, and what of it would be untrue there."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr.image import Image, Metadata, Text, read_image, write_image
from swinsr.image.formats import exif
from swinsr.image.formats.heif import read as heif
from tests.image.holding_files import (
    COLOUR,
    IPTC,
    XMP,
    bmp_with_profile,
    into_gif,
    png,
    saved,
    tiff,
    with_segment,
)
from tests.image.image_files import png_chunk, rgb_profile


def written(tmp_path, image: Image, suffix: str) -> tuple[Image, tuple[str, ...]]:
    notes = write_image(tmp_path / f"x.{suffix}", image, overwrite=True)
    return read_image(tmp_path / f"x.{suffix}"), notes


def test_texts_of_a_png_go_on_byte_for_byte(tmp_path):
    prompt = "a boat, masterpiece\nSteps: 20, Size: 512x768"
    data = png(
        png_chunk(b"tEXt", b"parameters\0" + prompt.encode()),
        png_chunk(b"zTXt", b"Copyright\0\0" + zlib.compress("© Anna".encode("latin-1"))),
        png_chunk(b"iTXt", b"Title\0\1\0ja\0" + "題\0".encode() + zlib.compress("雪".encode())),
    )
    image = read_image(data)
    expected = (
        Text("parameters", prompt),
        Text("Copyright", "© Anna"),
        Text("Title", "雪", "ja", "題"),
    )
    assert image.metadata.texts == expected
    again, notes = written(tmp_path, image, "png")
    assert again.metadata.texts == expected and notes == ()
    with PilImage.open(tmp_path / "x.png") as theirs:
        assert [theirs.info[text.keyword] for text in expected] == [t.text for t in expected]
    _, notes = written(tmp_path, image, "jpg")
    assert "its texts (parameters, Copyright, Title) were left out" in notes[-1]


def test_a_comment_goes_from_gif_to_png_to_jpeg(tmp_path):
    image = read_image(into_gif(b"\x21\xfe\x05B\xc3\xb6ts\0"))
    for suffix in ("png", "jpg", "gif"):
        image, _ = written(tmp_path, image, suffix)
        assert image.metadata.texts == (Text("Comment", "Böts"),)


def test_a_comment_on_how_the_old_file_was_saved_does_not_go_on():
    said = b"CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90\n"
    image = read_image(with_segment(saved("JPEG"), 0xFE, said))
    assert image.metadata.texts == ()
    assert "how the old file was saved" in image.notes[0]


def test_texts_on_the_old_pictures_thumbnail_do_not_go_on():
    image = read_image(png(png_chunk(b"tEXt", b"Thumb::Image::Width\x0032")))
    assert image.metadata.texts == ()
    assert "Thumb::Image::Width" in image.notes[0]


@pytest.mark.parametrize("suffix", ["png", "tif", "jpg"])
def test_iptc_goes_between_jpeg_tiff_and_png(tmp_path, suffix):
    image, notes = written(tmp_path, Image(COLOUR, metadata=Metadata(iptc=IPTC)), suffix)
    assert image.metadata.iptc == IPTC and image.metadata.texts == () and notes == ()


def test_iptc_in_numbers_of_the_other_byte_order_is_read():
    padded = IPTC + bytes(-len(IPTC) % 4)
    numbers = struct.unpack(f">{len(padded) // 4}I", padded)
    image = read_image(tiff(extratags=[(33723, "I", len(numbers), numbers, True)]))
    assert image.metadata.iptc == IPTC


def test_the_profile_of_a_bmp_and_xmp_of_a_gif_go_into_a_png(tmp_path):
    profile = rgb_profile()
    image, notes = written(tmp_path, read_image(bmp_with_profile(profile)), "png")
    assert image.metadata.icc == profile and notes == ()
    assert np.array_equal(image.pixels, COLOUR)
    packet = XMP % b""
    trailer = b"\1" + bytes(range(255, -1, -1)) + b"\0"
    found = read_image(into_gif(b"\x21\xff\x0bXMP DataXMP" + packet + trailer))
    assert found.metadata.xmp == packet


@pytest.mark.skipif(not heif.can_avif(), reason="needs a Pillow with AVIF")
def test_what_the_numbers_of_an_avif_mean_goes_into_a_png(tmp_path):
    data = saved("AVIF")
    at = data.index(b"nclx") + 4
    image = read_image(data[:at] + struct.pack(">HH", 9, 16) + data[at + 4 :])
    again, notes = written(tmp_path, image, "png")
    assert again.metadata.png_colour == ((b"cICP", bytes([9, 16, 0, 1])),) and notes == ()
    assert read_image(data).metadata.png_colour == ()


def test_places_in_the_old_pixels_leave_exif_and_the_rest_stays(tmp_path):
    block = PilImage.Exif()
    block[0x010F] = "Acme Optics"
    block[0x8769] = {0x9003: "2020:02:03 04:05:06", 0x9214: (16, 12, 5, 5), 0xA002: 32, 0xA003: 24,
                     0xA214: (16, 12), 0xA430: "Anna"}  # fmt: skip
    plain = block.tobytes().removeprefix(b"Exif\0\0")
    assert exif.states_places(plain)
    _, (note,) = written(tmp_path, Image(COLOUR, metadata=Metadata(exif=plain)), "jpg")
    assert "subject's place" in note
    with PilImage.open(tmp_path / "x.jpg") as picture:
        fields = picture.getexif().get_ifd(0x8769)
    assert fields == {0x9003: "2020:02:03 04:05:06", 0xA002: 32, 0xA003: 24, 0xA430: "Anna"}


def test_everything_of_a_phones_jpeg_is_named_once():
    data = with_segment(saved("JPEG"), 0xEB, b"JP\0\1" + bytes(20))
    data = with_segment(data, 0xE2, b"urn:iso:std:iso:ts:21496:-1\0" + bytes(4))
    data = with_segment(data, 0xE1, b"http://ns.adobe.com/xmp/extension/\0" + bytes(40))
    data += b"MotionPhoto" * 100
    (note,) = read_image(data).notes
    for part in ("content credentials", "gain map", "second part of XMP", "behind the picture"):
        assert note.count(part) == 1


def test_pixels_that_are_not_square_are_noted():
    image = read_image(png(png_chunk(b"pHYs", struct.pack(">IIB", 2, 1, 0))))
    assert image.metadata.dpi is None
    assert "not square (2:1)" in image.notes[0]
    assert read_image(png(png_chunk(b"pHYs", struct.pack(">IIB", 1, 1, 0)))).notes == ()


def test_damaged_chunks_are_named():
    broken = bytearray(png(png_chunk(b"tEXt", b"Title\0Boats")))
    broken[broken.index(b"Boats")] ^= 1
    image = read_image(bytes(broken))
    assert image.notes == ("its damaged chunks tEXt were left out",)


def test_fields_of_exif_that_a_tiff_cannot_have_are_named(tmp_path):
    block = PilImage.Exif()
    block[0x010F], block[50341] = "Acme Optics", b"PrintIM\0"
    plain = block.tobytes().removeprefix(b"Exif\0\0")
    image, notes = written(tmp_path, Image(COLOUR, metadata=Metadata(exif=plain)), "tif")
    assert notes == ("the EXIF fields 50341 were left out, as TIFF has no place for them",)
    stream = io.BytesIO(image.metadata.exif or b"")
    assert b"Acme Optics" in stream.read()
