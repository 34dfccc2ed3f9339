"""Frames of animations: composed as browsers do, and read as stills are."""

import io
import struct
from fractions import Fraction

import cv2
import numpy as np
import pytest
from apng import apng
from hypothesis import given
from hypothesis import strategies as st
from image_files import exif_bytes, gray_profile, png_chunk, rgb_profile
from PIL import Image as PilImage

from swinsr.image import Image, Metadata, read_frames, read_image, write_frames
from swinsr.image.formats.compose import FrameRectangle, composed

CLEAR = np.zeros((24, 32, 4), np.uint8)
WHITE = np.full((24, 32, 4), 255, np.uint8)
DOT = np.zeros((8, 8, 4), np.uint8) + np.array([255, 0, 0, 128], np.uint8)
GRAY16 = np.add.outer(np.arange(40) * 300, np.arange(64) * 500).astype(np.uint16)[..., None]


def seen(data: bytes) -> list[np.ndarray]:
    return [np.dstack([f.image.pixels, f.image.alpha]) for f in read_frames(data)]


@pytest.mark.parametrize(
    ("below", "expected"), [(WHITE, (255, 127, 127, 255)), (CLEAR, (255, 0, 0, 128))]
)
def test_a_half_transparent_frame_is_composed_in_straight_alpha(below, expected):
    second = seen(apng([(below, 0, 0, 0, 0), (DOT, 4, 4, 0, 1)], (24, 32)))[1]
    assert (second[4:12, 4:12] == expected).all()
    outside = second.copy()
    outside[4:12, 4:12] = below[0, 0]
    assert (outside == below[0, 0]).all()


def test_blend_source_takes_the_place_alpha_and_all():
    second = seen(apng([(WHITE, 0, 0, 0, 0), (DOT, 4, 4, 0, 0)], (24, 32)))[1]
    assert (second[4:12, 4:12] == [255, 0, 0, 128]).all()
    assert (second[:4] == 255).all()


@pytest.mark.parametrize(
    ("dispose", "left"), [(0, (255, 127, 127, 255)), (1, (0,) * 4), (2, (255,) * 4)]
)
def test_what_becomes_of_a_frame_before_the_next(dispose, left):
    frames = [(WHITE, 0, 0, 0, 0), (DOT, 4, 4, dispose, 1), (DOT[:2, :2], 20, 20, 0, 0)]
    third = seen(apng(frames, (24, 32)))[2]
    assert (third[4:12, 4:12] == left).all()
    assert (third[20:22, 20:22] == [255, 0, 0, 128]).all()


def test_canvas_that_no_frame_covers_is_transparent():
    frames = seen(apng([(DOT, 3, 5, 0, 0), (DOT, 10, 10, 0, 0)], (24, 32)))
    assert (frames[0][5:13, 3:11] == [255, 0, 0, 128]).all()
    assert frames[0][..., 3].astype(bool).sum() == 64
    assert frames[1][..., 3].astype(bool).sum() == 128 - 3  # they share three pixels


@pytest.mark.skipif(not hasattr(cv2, "imdecodeanimation"), reason="needs OpenCV 4.11 or later")
def test_frames_of_an_opaque_animation_are_those_of_opencv_and_pillow():
    rng = np.random.default_rng(0)
    whole = rng.integers(0, 256, (24, 32, 4), np.uint8) | np.array([0, 0, 0, 255], np.uint8)
    part = rng.integers(0, 256, (7, 9, 4), np.uint8) | np.array([0, 0, 0, 255], np.uint8)
    data = apng([(whole, 0, 0, 0, 0), (part, 3, 4, 2, 0), (part, 20, 15, 1, 1)], (24, 32))
    done, animation = cv2.imdecodeanimation(np.frombuffer(data, np.uint8))
    assert done
    theirs = [np.asarray(f)[..., [2, 1, 0, 3]] for f in animation.frames]
    for one, other in zip(seen(data), theirs, strict=True):
        assert np.array_equal(one, other)
    with PilImage.open(io.BytesIO(data)) as picture:
        for number, one in enumerate(seen(data)):
            picture.seek(number)
            assert np.array_equal(np.array(picture.convert("RGBA")), one)


def test_16_bit_frames_keep_their_bits_and_their_gray(tmp_path):
    data = apng(
        [(GRAY16, 0, 0, 0, 0), (GRAY16[::-1], 0, 0, 0, 0)], (40, 64), bits=16, colour_type=0
    )
    frames = read_frames(data)
    first, second = frames
    assert first.image.bits == 16 and first.image.is_gray
    assert np.array_equal(first.image.pixels, GRAY16)
    assert np.array_equal(second.image.pixels, GRAY16[::-1])
    assert (first.image.alpha == 65535).all()
    assert write_frames(tmp_path / "x.png", frames, frames) == ()
    again = [frame.image for frame in read_frames(tmp_path / "x.png")]
    assert np.array_equal(again[1].pixels, GRAY16[::-1])
    notes = write_frames(tmp_path / "x.webp", frames, frames, lossless=True)
    assert any("rounded to 8 bits" in note for note in notes)
    eight = next(iter(read_frames(tmp_path / "x.webp"))).image.pixels
    assert np.abs(eight[..., :1] - GRAY16 / 257).max() <= 0.5


def test_16_bit_frames_with_half_transparency_are_composed_in_16_bits():
    deep = np.zeros((6, 6, 4), np.uint16) + np.array([40000, 1, 65535, 30000], np.uint16)
    white = np.full((6, 6, 4), 65535, np.uint16)
    second = seen(apng([(white, 0, 0, 0, 0), (deep, 0, 0, 0, 1)], (6, 6), bits=16))[1]
    share = 30000 / 65535
    exact = np.array([40000, 1, 65535]) * share + 65535 * (1 - share)
    assert np.abs(second[0, 0, :3] - exact).max() <= 0.5
    assert second[0, 0, 3] == 65535


def test_frames_carry_gamma_profile_exif_and_orientation_as_stills_do(tmp_path):
    gamma = png_chunk(b"gAMA", struct.pack(">I", 100000))
    turned = png_chunk(b"eXIf", exif_bytes(6, 24, 32))
    data = apng([(WHITE, 0, 0, 0, 0), (DOT, 0, 0, 0, 0)], (24, 32), extra=gamma + turned)
    frames = read_frames(data)
    still = read_image(data)
    for frame in frames:
        assert frame.image.metadata == still.metadata
        assert frame.image.pixels.shape == (32, 24, 3)
    assert still.metadata.png_colour == ((b"gAMA", struct.pack(">I", 100000)),)
    second = [frame.image for frame in frames][1]
    assert (second.pixels[:8, -8:] == [255, 0, 0]).all()
    write_frames(tmp_path / "x.png", frames, frames)
    assert next(iter(read_frames(tmp_path / "x.png"))).image.metadata.png_colour
    notes = write_frames(tmp_path / "x.webp", frames, frames)
    assert any("gamma" in note for note in notes)


@pytest.mark.parametrize(("kind", "profile"), [(0, gray_profile), (2, rgb_profile)])
def test_frames_keep_the_profile_of_their_kind(tmp_path, kind, profile):
    import zlib

    packed = png_chunk(b"iCCP", b"x\0\0" + zlib.compress(profile()))
    flat = np.full((5, 6, 3 if kind else 1), 90, np.uint8)
    data = apng([(flat, 0, 0, 0, 0)] * 2, (5, 6), colour_type=kind, extra=packed)
    frames = read_frames(data)
    assert next(iter(frames)).image.metadata.icc == profile()
    assert write_frames(tmp_path / "x.png", frames, frames) == ()
    assert next(iter(read_frames(tmp_path / "x.png"))).image.metadata.icc == profile()


def gif(frames, size, *, colours=((10, 20, 30), (200, 100, 50), (0, 255, 0), (9, 9, 9))) -> bytes:
    """Frames (array of numbers below 4, left, top, dispose, transparent number or None)."""
    out = b"GIF89a" + struct.pack("<HHBBB", size[1], size[0], 0x80 | 1, 0, 0)
    out += bytes(value for colour in colours for value in colour)
    for array, left, top, dispose, clear in frames:
        packed = dispose << 2 | (clear is not None)
        out += b"\x21\xf9" + struct.pack("<BBHBB", 4, packed, 10, clear or 0, 0)
        place = struct.pack("<HHHHB", left, top, array.shape[1], array.shape[0], 0)
        # Codes of 3 bits, the dictionary forgotten before it would grow: clear, two, clear, two.
        codes = [4]
        for count, value in enumerate(array.ravel()):
            codes += [4] if count and count % 2 == 0 else []
            codes.append(int(value))
        bits = "".join(f"{code:03b}"[::-1] for code in [*codes, 5])
        data = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
        blocks = [data[i : i + 255] for i in range(0, len(data), 255)]
        out += b"\x2c" + place + b"\x02" + b"".join(bytes([len(b)]) + b for b in blocks) + b"\0"
    return out + b"\x3b"


def test_canvas_that_no_gif_frame_covers_is_transparent_as_libvips_has_it():
    dot = np.ones((3, 4), np.uint8)
    data = gif([(dot, 2, 1, 1, 3), (dot * 2, 5, 4, 1, 3)], (8, 10))
    first, second = seen(data)
    expected = np.zeros((8, 10, 4), np.uint8)
    expected[1:4, 2:6] = (200, 100, 50, 255)
    assert np.array_equal(first, expected)
    expected[4:7, 5:9] = (0, 255, 0, 255)
    assert np.array_equal(second, expected)
    still = read_image(data)
    assert np.array_equal(np.dstack([still.pixels, still.alpha]), first)
    pyvips = pytest.importorskip("pyvips")
    theirs = pyvips.Image.gifload_buffer(data, n=-1).numpy().reshape(2, 8, 10, 4)
    assert np.array_equal(theirs[..., 3], np.stack([first, second])[..., 3])
    visible = theirs[..., 3] > 0
    assert np.array_equal(theirs[visible], np.stack([first, second])[visible])


@pytest.mark.parametrize("dispose", [0, 1, 2, 3])
def test_gif_frames_are_those_of_libvips(dispose):
    pyvips = pytest.importorskip("pyvips")
    rng = np.random.default_rng(dispose)
    whole, part = (rng.integers(0, 4, shape).astype(np.uint8) for shape in ((9, 11), (4, 5)))
    frames = [(whole, 0, 0, 1, 3), (part, 2, 3, dispose, 0), (part.T, 5, 1, 1, 1)]
    ours = np.stack(seen(gif(frames, (9, 11))))
    theirs = pyvips.Image.gifload_buffer(gif(frames, (9, 11)), n=-1).numpy().reshape(ours.shape)
    assert np.array_equal(ours[..., 3], theirs[..., 3])
    assert np.array_equal(ours[ours[..., 3] > 0], theirs[ours[..., 3] > 0])


def test_a_gif_without_gaps_stays_a_picture_without_alpha():
    whole = np.tile(np.arange(4, dtype=np.uint8), (6, 2))
    image = read_image(gif([(whole, 0, 0, 0, None)], (6, 8)))
    assert image.alpha is None
    assert image.pixels[0, :4].tolist() == [[10, 20, 30], [200, 100, 50], [0, 255, 0], [9, 9, 9]]
    assert read_frames(gif([(whole, 0, 0, 0, None)] * 2, (6, 8))).delays == (Fraction(1, 10),) * 2


@given(st.integers(0, 10_000), st.sampled_from([np.uint8, np.uint16]))
def test_composition_is_that_of_its_formula(seed, dtype):
    rng = np.random.default_rng(seed)
    white = np.iinfo(dtype).max
    below, above = (rng.integers(0, white, (3, 4, 4), dtype, endpoint=True) for _ in range(2))
    for samples in (below, above):
        samples[..., 3] = rng.choice([0, white, 1, white // 3], (3, 4))
    parts = [
        FrameRectangle(Image(a[..., :3].copy(), a[..., 3].copy()), 0, 0, 0, over)
        for a, over in ((below, False), (above, True))
    ]
    _, second = composed(parts, 3, 4, 3, Metadata())
    under, over = below / white, above / white
    alpha = over[..., 3:] + under[..., 3:] * (1 - over[..., 3:])
    colour = over[..., :3] * over[..., 3:] + under[..., :3] * under[..., 3:] * (1 - over[..., 3:])
    assert np.abs(second.alpha - alpha[..., 0] * white).max() <= 0.5 + 1e-6
    seen = alpha[..., 0] > 0
    exact = colour[seen] / alpha[seen] * white
    assert np.abs(second.pixels[seen] - exact).max(initial=0) <= 0.5 + 1e-6


def webp(frames, size) -> bytes:
    """Frames (RGBA, left, top, dispose, replace) as an animated WebP without loss."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return kind + struct.pack("<I", len(body)) + body + b"\0" * (len(body) % 2)

    def number(value: int) -> bytes:
        return value.to_bytes(3, "little")

    body = chunk(b"VP8X", struct.pack("<I", 0x12) + number(size[1] - 1) + number(size[0] - 1))
    body += chunk(b"ANIM", bytes(6))
    for samples, left, top, dispose, replaces in frames:
        stream = io.BytesIO()
        PilImage.fromarray(samples).save(stream, "WEBP", lossless=True, exact=True)
        data = stream.getvalue()
        at = data.index(b"VP8L")
        place = number(left // 2) + number(top // 2) + number(samples.shape[1] - 1)
        place += number(samples.shape[0] - 1) + number(100) + bytes([replaces << 1 | dispose])
        body += chunk(b"ANMF", place + data[at:])
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WEBP" + body


@pytest.mark.parametrize(
    ("below", "expected"), [(WHITE, (255, 127, 127, 255)), (CLEAR, (255, 0, 0, 128))]
)
def test_webp_frames_are_composed_in_straight_alpha_within_two_levels(below, expected):
    """libwebp mixes with 8-bit reciprocals."""
    second = seen(webp([(below, 0, 0, 0, 0), (DOT, 4, 4, 0, 0)], (24, 32)))[1]
    assert np.abs(second[4:12, 4:12].astype(int) - expected).max() <= 2
    uncovered = seen(webp([(DOT, 4, 4, 1, 0), (DOT, 16, 8, 0, 1)], (24, 32)))
    assert [frame[..., 3].astype(bool).sum() for frame in uncovered] == [64, 64]
