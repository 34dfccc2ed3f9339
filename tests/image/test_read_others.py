"""JPEG, WebP and BMP against Pillow and OpenCV."""

import io

import cv2
import numpy as np
import pytest
from PIL import Image as PilImage
from PIL import ImageCms

from swinsr.errors import ImageReadError
from swinsr.image import probe_image, read_image
from tests.image.image_files import (
    cmyk_jpeg,
    cmyk_profile,
    exif_bytes,
    exif_fields,
    pillow_bytes,
    random_samples,
    rgb_profile,
    smooth_samples,
)

RGB = smooth_samples(37, 51, 3)
GRAY = smooth_samples(37, 51, 1)
RGBA = np.concatenate([RGB, smooth_samples(37, 51, 1)], axis=2)


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_jpeg_is_what_pillow_decodes(subsampling, progressive):
    data = pillow_bytes(RGB, "JPEG", subsampling=subsampling, progressive=progressive)
    image = read_image(data)
    assert np.array_equal(image.pixels, np.array(PilImage.open(io.BytesIO(data))))
    opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.abs(image.pixels.astype(int) - opencv).max() <= 4  # another chroma upsampling
    assert image.source_format == "JPEG"


def test_gray_jpeg_stays_gray():
    data = pillow_bytes(GRAY, "JPEG")
    image = read_image(data)
    assert image.pixels.shape == (37, 51, 1)
    assert np.array_equal(image.pixels[..., 0], np.array(PilImage.open(io.BytesIO(data))))


def test_cmyk_jpeg_without_profile_is_converted_and_says_that_it_is_approximate():
    inks = np.concatenate([RGB, GRAY // 4], axis=2)
    image = read_image(cmyk_jpeg(inks, quality=100, subsampling=0))
    wide = inks.astype(int)
    expected = (255 - wide[..., :3]) * (255 - wide[..., 3:]) / 255
    assert np.abs(image.pixels - expected).max() < 6
    assert "approximate" in image.notes[0]


def test_cmyk_jpeg_goes_through_its_profile_to_srgb():
    profile = cmyk_profile()
    data = cmyk_jpeg(np.concatenate([RGB, GRAY // 4], axis=2), icc_profile=profile)
    image = read_image(data)
    expected = ImageCms.profileToProfile(
        PilImage.open(io.BytesIO(data)),
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        outputMode="RGB",
    )
    assert np.array_equal(image.pixels, np.array(expected))
    plain = np.array(PilImage.open(io.BytesIO(data)).convert("RGB"))
    assert np.abs(image.pixels.astype(int) - plain).max() > 30, "the profile made no difference"
    assert image.metadata.icc[16:20] == b"RGB "
    described = ImageCms.getProfileDescription(
        ImageCms.ImageCmsProfile(io.BytesIO(image.metadata.icc))
    )
    assert "sRGB" in described
    assert image.notes == ()


def test_cmyk_jpeg_with_a_damaged_profile_is_read_with_a_note():
    data = cmyk_jpeg(np.full((8, 8, 4), 90, np.uint8), icc_profile=cmyk_profile()[:200])
    image = read_image(data)
    assert "approximate" in image.notes[0]


def test_jpeg_metadata_is_kept_byte_for_byte():
    profile, block = rgb_profile(), exif_bytes()
    data = pillow_bytes(
        RGB, "JPEG", icc_profile=profile, exif=b"Exif\0\0" + block, dpi=(300, 150), quality=90
    )
    metadata = read_image(data).metadata
    assert metadata.icc == profile
    assert metadata.exif == block
    assert metadata.dpi == (300, 150)


def test_zero_filled_rest_of_a_jpeg_is_refused():
    data = pillow_bytes(random_samples((200, 300, 3), np.uint8), "JPEG", quality=90)
    half = len(data) // 2
    with pytest.raises(ImageReadError, match="end marker"):
        read_image(data[:half] + bytes(len(data) - half))


@pytest.mark.parametrize("samples", [RGB, RGBA], ids=["rgb", "rgba"])
@pytest.mark.parametrize("lossless", [False, True])
def test_webp_is_what_pillow_decodes(samples, lossless):
    data = pillow_bytes(samples, "WEBP", lossless=lossless, exact=True)
    image = read_image(data)
    header = probe_image(data)
    assert (header.format, header.height, header.width) == ("WebP", 37, 51)
    decoded = np.array(PilImage.open(io.BytesIO(data)))
    assert np.array_equal(image.pixels, decoded[..., :3])
    if lossless:
        assert np.array_equal(image.pixels, samples[..., :3])
    if samples.shape[2] == 4:
        assert np.array_equal(image.alpha, samples[..., 3])


def test_webp_metadata_is_kept_byte_for_byte():
    block = exif_bytes()
    data = pillow_bytes(RGB, "WEBP", icc_profile=rgb_profile(), exif=block, xmp=b"<x/>")
    metadata = read_image(data).metadata
    assert metadata.icc == rgb_profile()
    assert exif_fields(metadata.exif) == exif_fields(block)
    assert metadata.xmp == b"<x/>"


def test_animated_webp_gives_its_first_frame_and_says_so():
    frames = [PilImage.fromarray(random_samples((8, 8, 3), np.uint8, seed)) for seed in (1, 2)]
    stream = io.BytesIO()
    frames[0].save(stream, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    image = read_image(stream.getvalue())
    assert np.array_equal(image.pixels, np.array(frames[0]))
    assert "2 frames" in image.notes[0]


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB"])
def test_bmp_is_what_pillow_and_opencv_decode(mode):
    data = pillow_bytes(RGB, "BMP", mode)
    image = read_image(data)
    decoded = np.array(PilImage.open(io.BytesIO(data)).convert("RGB"))
    assert np.array_equal(np.broadcast_to(image.pixels, decoded.shape), decoded)
    opencv = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    assert np.array_equal(decoded, opencv)
    assert image.is_gray == (mode in ("1", "L"))


def test_bmp_with_the_top_row_first_is_read_the_right_way_up():
    data = bytearray(pillow_bytes(RGB[::-1], "BMP"))
    data[22:26] = (-37).to_bytes(4, "little", signed=True)
    assert np.array_equal(read_image(bytes(data)).pixels, RGB)


CUT_KINDS = {
    "baseline": {"subsampling": "4:2:0"},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 4},
    "optimised": {"quality": 40, "optimize": True},
}


@pytest.mark.parametrize("kind", CUT_KINDS)
def test_jpeg_cut_and_then_closed_is_refused(kind):
    noise = random_samples((96, 120, 3), np.uint8) // 4 + np.tile(
        smooth_samples(96, 120, 3) // 2, 1
    )
    data = pillow_bytes(noise, "JPEG", **CUT_KINDS[kind])
    start = data.find(b"\xff\xda") + 20
    for share in (0.2, 0.5, 0.8, 0.97):
        at = start + int((len(data) - 2 - start) * share)
        with pytest.raises(ImageReadError, match="ends early"):
            read_image(data[:at] + b"\xff\xd9")
    read_image(data)  # whole, it is not


def test_jpeg_with_more_behind_its_end_is_read():
    data = pillow_bytes(RGB, "JPEG")
    whole = read_image(data).pixels
    for more in (b"\0" * 50, data, b"maker's data \xff\xd9"):
        assert np.array_equal(read_image(data + more).pixels, whole)


def test_the_thumbnails_end_is_not_the_pictures():
    data = pillow_bytes(RGB, "JPEG", exif=b"Exif\0\0" + exif_bytes(1))
    start = data.find(b"\xff\xda")
    with pytest.raises(ImageReadError, match="end marker"):
        read_image(data[: start + 60])
