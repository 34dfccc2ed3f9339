"""Whatever picture is written without loss comes back the same."""

import io

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from swinsr.image import Image, Metadata, encode_image, read_image
from tests.image.image_files import exif_bytes, exif_fields, random_samples

SIDES = st.one_of(st.integers(1, 9), st.integers(10, 70))


@st.composite
def pictures(draw, dtypes):
    height, width, seed = draw(SIDES), draw(SIDES), draw(st.integers(0, 10**6))
    dtype = draw(st.sampled_from(dtypes))
    pixels = random_samples((height, width, draw(st.sampled_from([1, 3]))), dtype, seed)
    if draw(st.booleans()):
        pixels[: height // 2] = pixels[0, 0]
    alpha = random_samples((height, width), dtype, seed + 1) if draw(st.booleans()) else None
    dpi = st.floats(1, 5000)
    return Image(
        pixels,
        alpha,
        Metadata(
            exif=exif_bytes(order=draw(st.sampled_from("<>"))) if draw(st.booleans()) else None,
            xmp=draw(st.sampled_from([None, b"<x:xmpmeta>\xc3\xbc</x:xmpmeta>"])),
            dpi=draw(st.one_of(st.none(), st.tuples(dpi, dpi))),
        ),
    )


def same(image: Image, format_name: str, **options) -> None:
    stream = io.BytesIO()
    assert encode_image(stream, image, format_name, **options) == ()
    back = read_image(stream.getvalue())
    assert back.pixels.dtype == image.pixels.dtype
    assert np.array_equal(back.pixels, image.pixels)
    assert (back.alpha is None) == (image.alpha is None)
    assert image.alpha is None or np.array_equal(back.alpha, image.alpha)
    assert back.metadata.xmp == image.metadata.xmp
    if image.metadata.dpi is None:
        assert back.metadata.dpi is None
    else:
        assert np.allclose(back.metadata.dpi, image.metadata.dpi, atol=0.013, rtol=1e-6)
    if image.metadata.exif is None:
        assert back.metadata.exif is None
    else:
        expected = exif_fields(image.metadata.exif)
        expected.update({0xA002: image.width, 0xA003: image.height})
        assert exif_fields(back.metadata.exif) == expected
    assert back.source_format == format_name


@settings(max_examples=60, deadline=None)
@given(pictures([np.uint8, np.uint16]))
def test_png(image):
    same(image, "PNG")


@settings(max_examples=60, deadline=None)
@given(pictures([np.uint8, np.uint16, np.float32]))
def test_tiff(image):
    same(image, "TIFF")


@settings(max_examples=25, deadline=None)
@given(pictures([np.uint8]))
def test_lossless_webp(image):
    pixels = np.broadcast_to(image.pixels, (image.height, image.width, 3)).copy()
    metadata = Metadata(exif=image.metadata.exif, xmp=image.metadata.xmp)
    if image.alpha is not None:
        image.alpha[0, 0] = 0  # WebP drops an alpha that is opaque everywhere
    same(Image(pixels, image.alpha, metadata), "WebP", lossless=True)


@settings(max_examples=25, deadline=None)
@given(pictures([np.uint8]))
def test_bmp(image):
    same(Image(image.pixels), "BMP")


def test_float_tiff_keeps_values_outside_0_to_1():
    pixels = np.array([[[-3.5], [1e-30], [7e4]]], np.float32)
    same(Image(pixels), "TIFF")


def test_large_resolution_survives_as_a_fraction():
    same(Image(np.zeros((2, 2, 1), np.uint8), metadata=Metadata(dpi=(0.5, 4999.875))), "TIFF")
