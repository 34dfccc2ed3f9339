"""What is written, what each format loses and says so, and what is refused."""

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr.errors import ConfigError, ImageWriteError
from swinsr.image import Image, Metadata, encode_image, read_image, to_depth, write_image
from tests.image.image_files import (
    cmyk_profile,
    exif_bytes,
    exif_fields,
    gray_profile,
    random_samples,
    rgb_profile,
    smooth_samples,
)

SUFFIXES = ["png", "jpg", "webp", "tif", "bmp"]


def picture(dtype=np.uint8, channels=3, alpha=False, **metadata) -> Image:
    return Image(
        random_samples((12, 9, channels), dtype),
        random_samples((12, 9), dtype, 1) if alpha else None,
        Metadata(**metadata),
    )


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("alpha", [False, True])
def test_16_bit_png_is_read_alike_by_opencv(tmp_path, channels, alpha):
    image = picture(np.uint16, channels, alpha)
    assert write_image(tmp_path / "x.png", image) == ()
    encoded = np.frombuffer((tmp_path / "x.png").read_bytes(), np.uint8)
    samples = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
    samples = samples.reshape(12, 9, -1)
    assert np.array_equal(samples[..., :3][..., ::-1][..., -channels:], image.pixels)
    if alpha:
        assert np.array_equal(samples[..., 3], image.alpha)


def test_16_bit_png_uses_every_filter_and_many_bands(tmp_path, monkeypatch):
    monkeypatch.setattr("swinsr.image.formats.png.write._BAND", 3000)
    y, x = np.mgrid[0:120, 0:200]
    blocks = [
        x * 300,
        y * 500,
        (x + y) * 200,
        (x * y) * 2 + y * 3,
        random_samples((120, 200), "u2"),
    ]
    blocks.append(np.cumsum(random_samples((120, 200), np.uint8), axis=0))
    pixels = np.concatenate(blocks).astype(np.uint16)[..., None]
    write_image(tmp_path / "x.png", Image(pixels))
    data = (tmp_path / "x.png").read_bytes()
    assert np.array_equal(np.array(PilImage.open(io.BytesIO(data))), pixels[..., 0])
    assert data.count(b"IDAT") > 1
    packed, at = b"", 8
    while at < len(data):
        length = struct.unpack_from(">I", data, at)[0]
        packed += data[at + 8 : at + 8 + length] if data[at + 4 : at + 8] == b"IDAT" else b""
        at += 12 + length
    raw = np.frombuffer(zlib.decompress(packed), np.uint8).reshape(720, -1)
    assert set(raw[:, 0]) == {0, 1, 2, 3, 4}


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_gray_stays_gray_where_the_format_has_it(tmp_path, suffix):
    write_image(tmp_path / f"x.{suffix}", picture(channels=1))
    assert read_image(tmp_path / f"x.{suffix}").is_gray == (suffix != "webp")


@pytest.mark.parametrize("quality", [92, 95, 100])
def test_the_finest_noise_can_be_written_as_jpeg(tmp_path, quality):
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), np.uint8)
    write_image(tmp_path / "x.jpg", Image(noise), quality=quality)
    assert np.abs(read_image(tmp_path / "x.jpg").pixels.astype(int) - noise).mean() < 10


def test_alpha_is_laid_on_white_with_a_note(tmp_path):
    image = picture(alpha=True)
    for suffix in ("jpg", "bmp"):
        (note,) = write_image(tmp_path / f"x.{suffix}", image)
        assert "transparency was laid on white" in note
    share = image.alpha[..., None] / 255.0
    exact = image.pixels * share + 255 * (1 - share)
    assert np.abs(read_image(tmp_path / "x.bmp").pixels - exact).max() <= 0.5 + 1e-9


def test_opaque_alpha_goes_without_a_note(tmp_path):
    image = Image(random_samples((5, 5, 3), np.uint8), np.full((5, 5), 255, np.uint8))
    assert write_image(tmp_path / "x.bmp", image) == ()
    assert np.array_equal(read_image(tmp_path / "x.bmp").pixels, image.pixels)


@pytest.mark.parametrize("suffix", ["jpg", "webp", "bmp"])
def test_16_bit_is_rounded_to_8_with_a_note(tmp_path, suffix):
    image = picture(np.uint16)
    (note,) = write_image(tmp_path / f"x.{suffix}", image, lossless=True)
    assert "16-bit samples were rounded to 8 bits" in note
    if suffix != "jpg":
        written = read_image(tmp_path / f"x.{suffix}").pixels
        assert np.abs(written - image.pixels / 257).max() <= 0.5


def test_float_becomes_16_bit_png_with_a_note_on_clipping(tmp_path):
    pixels = np.array([[-0.5, 0.0, 0.25, 1.0, 1.5]], np.float32)[..., None]
    (note,) = write_image(tmp_path / "x.png", Image(pixels))
    assert "rounded to 16 bits and clipped" in note
    assert read_image(tmp_path / "x.png").pixels.ravel().tolist() == [0, 0, 16384, 65535, 65535]
    (note,) = write_image(tmp_path / "y.png", Image(pixels.clip(0, 1)))
    assert "clipped" not in note


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16], ids=["8", "16"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix", SUFFIXES)
def test_metadata_goes_along(tmp_path, suffix, channels, dtype):
    profile = rgb_profile() if channels == 3 else gray_profile()
    for order in "<>":
        image = picture(
            dtype,
            channels,
            icc=profile,
            exif=exif_bytes(order=order),
            xmp=b"<x:xmpmeta/>",
            dpi=(300.0, 150.0),
        )
        notes = write_image(tmp_path / f"x.{suffix}", image, overwrite=True)
        metadata = read_image(tmp_path / f"x.{suffix}").metadata
        if suffix == "bmp":
            assert "profile, EXIF, XMP" in notes[-1]
            continue
        if suffix == "webp":
            assert "resolution" in notes[-1]
        else:
            assert metadata.dpi == pytest.approx((300, 150), abs=0.02)
        if (suffix, channels) == ("webp", 1):
            assert "colour profile (GRAY)" in "".join(notes)  # the pixels are RGB now
        else:
            assert metadata.icc == profile
        assert metadata.xmp == b"<x:xmpmeta/>"
        fields = exif_fields(metadata.exif)
        assert fields == {**exif_fields(image.metadata.exif), 0xA002: 9, 0xA003: 12}
        assert b"THUMBNAIL" not in (tmp_path / f"x.{suffix}").read_bytes()


def test_pillow_sees_the_metadata_of_a_16_bit_png(tmp_path):
    image = picture(np.uint16, 1, icc=gray_profile(), exif=exif_bytes(), dpi=(300.0, 300.0))
    write_image(tmp_path / "x.png", image)
    with PilImage.open(tmp_path / "x.png") as seen:
        seen.load()
        assert seen.info["icc_profile"] == gray_profile()
        assert seen.getexif()[0x010F] == "Acme Optics"
        assert seen.info["dpi"] == pytest.approx((300, 300), abs=0.02)


def test_pillow_sees_the_exif_of_a_tiff(tmp_path):
    write_image(tmp_path / "x.tif", picture(exif=exif_bytes()))
    with PilImage.open(tmp_path / "x.tif") as seen:
        assert seen.getexif()[0x010F] == "Acme Optics"
        assert seen.getexif().get_ifd(0x8769)[0x927C] == b"maker's own notes"


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
def test_profile_of_another_colour_space_is_left_out_with_a_note(tmp_path, suffix):
    for profile in (gray_profile(), cmyk_profile(), b"no profile at all"):
        notes = write_image(tmp_path / f"x.{suffix}", picture(icc=profile), overwrite=True)
        assert "colour profile" in notes[0]
        assert read_image(tmp_path / f"x.{suffix}").metadata.icc is None


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "tif"])
def test_damaged_exif_is_left_out_with_a_note(tmp_path, suffix):
    (note,) = write_image(tmp_path / f"x.{suffix}", picture(exif=b"II*\0\xff\xff\xff\0garbage"))
    assert "EXIF" in note
    assert read_image(tmp_path / f"x.{suffix}").metadata.exif is None


def test_blocks_too_long_for_jpeg_are_left_out_with_notes(tmp_path):
    image = picture(exif=exif_bytes() + bytes(70000), xmp=b"x" * 70000)
    notes = write_image(tmp_path / "x.jpg", image)
    assert ["EXIF" in notes[0], "XMP" in notes[1], len(notes)] == [True, True, 2]


def test_png_gamma_is_kept_in_png_and_missed_in_others(tmp_path):
    linear = ((b"gAMA", struct.pack(">I", 100000)),)
    usual = ((b"gAMA", struct.pack(">I", 45455)), (b"sRGB", b"\0"))
    assert write_image(tmp_path / "x.png", picture(png_colour=linear)) == ()
    assert read_image(tmp_path / "x.png").metadata.png_colour == linear
    (note,) = write_image(tmp_path / "x.jpg", picture(png_colour=linear))
    assert "gamma" in note
    assert write_image(tmp_path / "y.jpg", picture(png_colour=usual)) == ()


def test_jpeg_keeps_full_colour_resolution_at_high_quality_alone():
    image = Image(smooth_samples(32, 32, 3))
    sampling = []
    for quality in (95, 80):
        stream = io.BytesIO()
        encode_image(stream, image, "JPEG", quality=quality)
        sampling.append(PilImage.open(stream).layer[0][1:3])
    assert sampling == [(1, 1), (2, 2)]


def test_quality_decides_the_size(tmp_path):
    image = Image(smooth_samples(64, 64, 3))
    for suffix in ("jpg", "webp"):
        write_image(tmp_path / f"high.{suffix}", image, quality=98)
        write_image(tmp_path / f"low.{suffix}", image, quality=20)
        sizes = [(tmp_path / f"{n}.{suffix}").stat().st_size for n in ("high", "low")]
        assert sizes[0] > 1.3 * sizes[1]


@pytest.mark.parametrize("quality", [0, 101, -5])
def test_quality_outside_its_range_is_refused(tmp_path, quality):
    with pytest.raises(ConfigError, match="1 to 100"):
        write_image(tmp_path / "x.jpg", picture(), quality=quality)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x.psd", "x", "x.png.bak"])
def test_unknown_suffix_is_refused_with_those_that_work(tmp_path, name):
    with pytest.raises(ImageWriteError, match=r"end the name in \.png"):
        write_image(tmp_path / name, picture())


@pytest.mark.parametrize(("suffix", "side"), [("jpg", 65501), ("webp", 16384)])
def test_sides_beyond_the_format_are_refused_with_those_that_work(tmp_path, suffix, side):
    image = Image(np.zeros((1, side, 1), np.uint8))
    with pytest.raises(ImageWriteError, match=r"write a \.png or \.tif"):
        write_image(tmp_path / f"x.{suffix}", image)
    write_image(tmp_path / f"x.{suffix}", Image(image.pixels[:, 1:]))
    assert read_image(tmp_path / f"x.{suffix}").width == side - 1


def test_suffix_in_capitals_and_name_outside_ascii(tmp_path):
    write_image(tmp_path / "Фото ü🐈.PNG", picture(np.uint16))
    assert read_image(tmp_path / "Фото ü🐈.PNG").bits == 16


def test_same_picture_gives_the_same_bytes(tmp_path):
    image = picture(np.uint16, icc=rgb_profile(), exif=exif_bytes(), dpi=(72.0, 72.0))
    for suffix in SUFFIXES:
        for name in "ab":
            write_image(tmp_path / f"{name}.{suffix}", image)
        first, second = (tmp_path / f"{name}.{suffix}" for name in "ab")
        assert first.read_bytes() == second.read_bytes()


def test_rounding_of_white_is_exact_in_16_bits():
    image = Image(np.full((1, 3, 1), 65535, np.uint16), np.array([[0, 1, 65535]], np.uint16))
    stream = io.BytesIO()
    encode_image(stream, image, "BMP")
    assert read_image(stream.getvalue()).pixels.ravel().tolist() == [255, 255, 255]
    assert to_depth(image.pixels, np.uint8).max() == 255


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif", ".bmp"])
def test_a_picture_that_the_disk_takes_in_part_is_an_error(tmp_path, suffix):
    """As a full disk does, the limit takes what still fits of a write before it refuses."""
    resource = pytest.importorskip("resource", reason="limits on file sizes are POSIX's")
    noise = np.random.default_rng(0).integers(0, 256, (150, 150, 3), np.uint8)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    # Any limit below the file's own size: the last piece is the one that was lost.
    for limit in (4096, 20_000):
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, before[1]))
        try:
            with pytest.raises(ImageWriteError):
                write_image(tmp_path / f"out{suffix}", Image(noise))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert list(tmp_path.iterdir()) == []
