"""Metadata of hostile files: what it may take is bounded, in bytes and in time."""

import io
import struct
import subprocess
import sys
import time
import zlib

import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr.errors import ImageReadError
from swinsr.image import Image, Metadata, encode_image, read_frames, read_image
from tests.image.apng import apng
from tests.image.image_files import (
    pillow_bytes,
    png_bytes,
    png_chunk,
    random_samples,
    smooth_samples,
    tiff_bytes,
)

COLOUR = smooth_samples(24, 32, 3)


def png(*chunks: bytes) -> bytes:
    return png_bytes(COLOUR, 8, 2, chunks=b"".join(chunks))


def test_texts_that_inflate_without_end_cost_neither_memory_nor_time(tmp_path):
    bomb = zlib.compress(bytes(1 << 26), 9)
    many = b"".join(png_chunk(b"zTXt", b"k%d\0\0" % n + bomb) for n in range(20))
    (tmp_path / "x.png").write_bytes(png(many))
    script = (
        "import resource, sys\n"
        "from swinsr.image import read_image\n"
        "import cv2, PIL.Image\n"
        "before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "image = read_image(sys.argv[1])\n"
        "more = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024\n"
        "print(more, len(image.metadata.texts), image.notes)"
    )
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path / "x.png")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    more, texts, notes = done.stdout.split(" ", 2)
    assert int(more) < 250  # MiB; 1,280 inflated
    assert texts == "0" and "its texts k0, k1" in notes
    assert time.perf_counter() - start < 20


def test_texts_are_kept_up_to_a_limit_in_all():
    text = b"x" * (3 << 20)
    image = read_image(png(*(png_chunk(b"tEXt", b"k%d\0" % n + text) for n in range(4))))
    assert [t.keyword for t in image.metadata.texts] == ["k0", "k1"]
    assert "its texts beyond 8 MB were left out" in image.notes


def test_a_profile_that_inflates_without_end_is_left_out_with_a_note():
    packed = png_chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(1 << 26), 9))
    image = read_image(png(packed))
    assert image.metadata.icc is None
    assert any("colour profile was left out" in note for note in image.notes)


@pytest.mark.parametrize(("tag", "name"), [(34675, "colour profile"), (700, "XMP packet")])
def test_huge_blocks_of_a_tiff_are_left_out_with_a_note(tag, name):
    huge = b"x" * ((1 << 25) + 1)
    image = read_image(
        tiff_bytes(COLOUR, photometric="rgb", extratags=[(tag, 1, len(huge), huge, True)])
    )
    assert (image.metadata.icc, image.metadata.xmp) == (None, None)
    assert f"its {name} was left out, as it is longer than 32 MB" in image.notes


@pytest.mark.parametrize("packet", [
    b'<x hdrgm:Version="1"' + b"<hdrgm:a>" * 100_000,
    b"<GDepth:Data>" + b"A" * (3 << 20) + b"</GDepth:Data>",
    b"<hdrgm:a>" * 10 + b"</hdrgm:a>",
    b"<x " + b" " * (1 << 20) + b'hdrgm:a="1"',
    b'tiff:ImageWidth="' + b"1" * (1 << 20),
])  # fmt: skip
def test_hostile_xmp_is_edited_or_left_out_within_a_second(packet):
    start = time.perf_counter()
    notes = encode_image(io.BytesIO(), Image(COLOUR, metadata=Metadata(xmp=packet)), "PNG")
    assert time.perf_counter() - start < 1
    assert notes == () or "XMP" in notes[0]


def test_what_xmp_says_of_other_pictures_is_taken_out_and_the_rest_stays():
    packet = (
        b'<rdf:Description dc:title="Boats" hdrgm:Version="1.0" GCamera:MotionPhoto="1" '
        b'xmpNote:HasExtendedXMP="ABC" exif:PixelXDimension="3">'
        b"<Container:Directory><rdf:Seq><rdf:li/></rdf:Seq></Container:Directory>"
        b"<xmp:Thumbnails>AAAA</xmp:Thumbnails><exif:PixelYDimension>2</exif:PixelYDimension>"
        b"<dc:creator>Anna</dc:creator><GPano:UsePanoramaViewer/></rdf:Description>"
    )
    stream = io.BytesIO()
    (note,) = encode_image(stream, Image(COLOUR, metadata=Metadata(xmp=packet)), "TIFF")
    assert "other pictures" in note
    assert read_image(stream.getvalue()).metadata.xmp == (
        b'<rdf:Description dc:title="Boats" exif:PixelXDimension="32">'
        b"<exif:PixelYDimension>24</exif:PixelYDimension><dc:creator>Anna</dc:creator></rdf:Description>"
    )


def test_thousands_of_frames_are_read_one_by_one():
    dot = np.full((2, 2, 4), 90, np.uint8)
    data = apng([(dot, 0, 0, 0, 0)] * 3000, (2, 2))
    start = time.perf_counter()
    frames = read_frames(data)
    assert frames.count == 3000
    first = next(iter(frames))
    assert first.image.pixels.shape == (2, 2, 3)
    assert time.perf_counter() - start < 5
    pictures = [PilImage.fromarray(np.full((3, 4), n % 256, np.uint8)) for n in range(800)]
    stream = io.BytesIO()
    pictures[0].save(stream, "GIF", save_all=True, append_images=pictures[1:], duration=20)
    frames = read_frames(stream.getvalue())
    assert frames.count == 800
    assert sum(1 for _ in frames) == 800
    assert time.perf_counter() - start < 20


def test_an_animation_that_claims_more_frames_than_it_holds_is_refused():
    data = apng([(np.zeros((4, 5, 4), np.uint8), 0, 0, 0, 0)] * 2, (4, 5))
    at = data.index(b"acTL")
    body = struct.pack(">II", 4_000_000_000, 0)
    lying = data[: at - 4] + png_chunk(b"acTL", body) + data[at + 16 :]
    with pytest.raises(ImageReadError, match="claims 4000000000 frames"):
        read_frames(lying)


JPEGS = {
    "noise": random_samples((61, 83, 3), np.uint8),
    "smooth": smooth_samples(123, 217, 3),
    "gray": smooth_samples(50, 70, 1),
    "white": np.full((100, 100, 3), 255, np.uint8),
}


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize(
    "options", [{}, {"progressive": True}, {"restart_marker_rows": 1}, {"subsampling": 0}]
)
def test_a_jpeg_without_its_end_marker_is_read_as_peers_read_it(tmp_path, kind, options):
    import cv2
    import pyvips

    data = pillow_bytes(JPEGS[kind], "JPEG", **options)
    assert data.endswith(b"\xff\xd9")
    (tmp_path / "whole.jpg").write_bytes(data)
    image = read_image(data[:-2])
    assert "its end marker is missing, but all of its pixels are there" in image.notes
    assert np.array_equal(image.pixels, read_image(data).pixels)
    (tmp_path / "x.jpg").write_bytes(data[:-2])
    ends = [
        cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        for path in (tmp_path / "x.jpg", tmp_path / "whole.jpg")
    ]
    assert np.array_equal(*ends)
    vips = pyvips.Image.jpegload_buffer(data[:-2], fail_on="none").numpy()
    whole = pyvips.Image.jpegload_buffer(data).numpy()
    assert np.array_equal(vips, whole)


@pytest.mark.parametrize("kind", JPEGS)
@pytest.mark.parametrize("cut", [3, 4, 7, 20, 90])
def test_a_jpeg_that_lacks_pixels_too_is_refused_whatever_stands_there(kind, cut):
    data = pillow_bytes(JPEGS[kind], "JPEG")
    whole = read_image(data).pixels
    for tail in (b"", bytes(cut), bytes(3 * cut)):
        try:
            image = read_image(data[:-cut] + tail)
        except ImageReadError:
            continue
        assert np.array_equal(image.pixels, whole), (cut, len(tail))


def test_a_png_without_its_last_chunk_is_read_with_a_note():
    data = png()
    image = read_image(data[:-12])
    assert image.notes == ("its end is missing, but all of its pixels are there",)
    assert np.array_equal(image.pixels, COLOUR)
    for cut in (1, 5, 11, 13, 20):
        with pytest.raises(ImageReadError):
            read_image(data[:-cut])
