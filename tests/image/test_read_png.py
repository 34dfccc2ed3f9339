"""PNG in every colour type and depth, against the samples it was made of, Pillow and OpenCV."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr.errors import ImageReadError
from swinsr.image import read_image
from tests.image.image_files import (
    exif_bytes,
    exif_fields,
    png_bytes,
    png_chunk,
    random_samples,
    rgb_profile,
)

GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
COUNT = {GRAY: 1, RGB: 3, GRAY_ALPHA: 2, RGB_ALPHA: 4}
DEEP = [(kind, depth) for kind in COUNT for depth in (8, 16)]


@pytest.mark.parametrize("interlaced", [False, True], ids=["plain", "adam7"])
@pytest.mark.parametrize("size", [(13, 17), (1, 1), (3, 2)], ids=str)
@pytest.mark.parametrize(("kind", "depth"), [*DEEP, (GRAY, 1), (GRAY, 2), (GRAY, 4)])
def test_samples_are_those_of_the_file(kind, depth, size, interlaced):
    stored = random_samples((*size, COUNT[kind]), np.uint16) >> (16 - depth)
    image = read_image(png_bytes(stored, depth, kind, interlaced=interlaced))
    expected = stored * (255 // (2**depth - 1)) if depth < 8 else stored
    colours = 1 if kind in (GRAY, GRAY_ALPHA) else 3
    assert image.pixels.dtype == (np.uint16 if depth == 16 else np.uint8)
    assert np.array_equal(image.pixels, expected[..., :colours])
    if kind in (GRAY_ALPHA, RGB_ALPHA):
        assert np.array_equal(image.alpha, expected[..., -1])
    else:
        assert image.alpha is None
    assert image.source_format == "PNG"


@pytest.mark.parametrize("kind", [GRAY, RGB, GRAY_ALPHA, RGB_ALPHA])
def test_8_bit_agrees_with_pillow_and_opencv(kind):
    data = png_bytes(random_samples((11, 9, COUNT[kind]), np.uint8), 8, kind)
    image = read_image(data)
    pillow = np.array(PilImage.open(io.BytesIO(data)).convert("RGBA"))
    opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    rgb = np.broadcast_to(image.pixels, (11, 9, 3))
    assert np.array_equal(rgb, pillow[..., :3])
    assert np.array_equal(rgb, opencv)
    if image.alpha is not None:
        assert np.array_equal(image.alpha, pillow[..., 3])


@pytest.mark.parametrize("depth", [1, 2, 4, 8])
@pytest.mark.parametrize("transparent", [False, True])
def test_palette_becomes_rgb_with_its_transparency(depth, transparent):
    colours = min(2**depth, 200)
    palette = random_samples((colours, 3), np.uint8)
    opacity = random_samples((colours // 2,), np.uint8)  # entries beyond the list are opaque
    chunks = png_chunk(b"PLTE", palette.tobytes())
    if transparent:
        chunks += png_chunk(b"tRNS", opacity.tobytes())
    index = random_samples((12, 10, 1), np.uint16) % colours
    image = read_image(png_bytes(index, depth, PALETTE, chunks=chunks))
    assert np.array_equal(image.pixels, palette[index[..., 0]])
    if transparent:
        full = np.concatenate([opacity, np.full(colours - len(opacity), 255, np.uint8)])
        assert np.array_equal(image.alpha, full[index[..., 0]])
    else:
        assert image.alpha is None


@pytest.mark.parametrize(("kind", "depth"), [(GRAY, d) for d in (1, 2, 4, 8, 16)])
def test_gray_key_makes_exactly_that_value_transparent(kind, depth):
    stored = random_samples((9, 8, 1), np.uint16) >> (16 - depth)
    key = int(stored[4, 4, 0])
    chunks = png_chunk(b"tRNS", struct.pack(">H", key))
    image = read_image(png_bytes(stored, depth, kind, chunks=chunks))
    assert np.array_equal(image.alpha == 0, stored[..., 0] == key)
    assert set(np.unique(image.alpha)) <= {0, np.iinfo(image.alpha.dtype).max}


@pytest.mark.parametrize("depth", [8, 16])
def test_rgb_key_makes_exactly_that_colour_transparent(depth):
    stored = (random_samples((9, 8, 3), np.uint16) >> 14).astype(np.uint16)
    chunks = png_chunk(b"tRNS", stored[4, 4].astype(">u2").tobytes())
    image = read_image(png_bytes(stored, depth, RGB, chunks=chunks))
    assert np.array_equal(image.alpha == 0, (stored == stored[4, 4]).all(axis=2))
    assert np.array_equal(image.pixels, stored)


@pytest.mark.parametrize("depth", [8, 16])
def test_gamma_and_sbit_leave_the_samples_alone_and_gamma_is_kept(depth):
    stored = random_samples((5, 6, 3), np.uint16) >> (16 - depth)
    gamma = struct.pack(">I", 100000)
    chunks = png_chunk(b"gAMA", gamma) + png_chunk(b"sBIT", bytes([depth - 3] * 3))
    image = read_image(png_bytes(stored, depth, RGB, chunks=chunks))
    assert np.array_equal(image.pixels, stored)
    assert image.metadata.png_colour == ((b"gAMA", gamma),)


@pytest.mark.parametrize("depth", [8, 16])
def test_metadata_is_found_in_its_chunks(depth):
    profile, block = rgb_profile(), exif_bytes()
    chunks = png_chunk(b"iCCP", b"any name\0\0" + zlib.compress(profile))
    chunks += png_chunk(b"eXIf", block)
    chunks += png_chunk(b"pHYs", struct.pack(">IIB", 11811, 5906, 1))
    packed = zlib.compress(b"<x:xmpmeta/>")
    chunks += png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\1\0\0\0" + packed)
    metadata = read_image(png_bytes(random_samples((4, 4, 3), np.uint8), 8, RGB, chunks=chunks))
    metadata = metadata.metadata
    assert metadata.icc == profile
    assert metadata.exif == block
    assert metadata.dpi == pytest.approx((300, 150), abs=0.02)
    assert metadata.xmp == b"<x:xmpmeta/>"


def test_exif_in_the_older_text_form_is_found():
    block = b"Exif\0\0" + exif_bytes()
    text = f"\nexif\n{len(block):8}\n{block.hex()}\n".encode()
    chunks = png_chunk(b"tEXt", b"Raw profile type exif\0" + text)
    image = read_image(png_bytes(random_samples((4, 4, 3), np.uint8), 8, RGB, chunks=chunks))
    assert exif_fields(image.metadata.exif)[0x010F] == "Acme Optics"


def test_a_text_that_inflates_without_end_is_ignored():
    bomb = zlib.compress(bytes(1 << 27), 9)
    chunks = png_chunk(b"iCCP", b"x\0\0" + bomb) + png_chunk(b"zTXt", b"x\0\0" + bomb)
    stored = random_samples((4, 4, 3), np.uint8)
    image = read_image(png_bytes(stored, 8, RGB, chunks=chunks))
    assert image.metadata.icc is None
    assert np.array_equal(image.pixels, stored)


def test_animation_is_read_as_its_still_picture_and_says_so():
    frames = [PilImage.fromarray(random_samples((6, 6, 3), np.uint8, seed)) for seed in (1, 2)]
    stream = io.BytesIO()
    frames[0].save(stream, "PNG", save_all=True, append_images=frames[1:])
    image = read_image(stream.getvalue())
    assert np.array_equal(image.pixels, np.array(frames[0]))
    assert "2 frames" in image.notes[0]


@pytest.mark.parametrize("depth", [8, 16])
def test_rejects_pixel_data_that_ends_early_with_all_chunks_sound(depth):
    whole = png_bytes(random_samples((16, 16, 3), np.uint16) >> (16 - depth), depth, RGB)
    short = png_bytes(random_samples((9, 16, 3), np.uint16) >> (16 - depth), depth, RGB)
    with pytest.raises(ImageReadError, match="damaged or cut short"):
        read_image(whole[:33] + short[33:])
