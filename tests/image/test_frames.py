"""Animations frame by frame, documents page by page: every picture, its time, and the way out."""

import io
import struct
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
import tifffile
from PIL import Image as PilImage

from swinsr.errors import ImageReadError, ImageTooLargeError
from swinsr.image import Frame, Image, read_frames, read_image, write_frames, write_image
from tests.image.image_files import rgb_profile, smooth_samples, tiff_bytes

COUNT = 4
TIMES = [40, 100, 250, 1000]  # milliseconds, whole hundredths of a second too
COLOUR = smooth_samples(20, 31, 3)
STACK = [np.roll(COLOUR, 6 * i, axis=1) for i in range(COUNT)]


def animation(form: str, **options) -> bytes:
    frames = [PilImage.fromarray(samples) for samples in STACK]
    stream = io.BytesIO()
    some = {"save_all": True, "append_images": frames[1:], "duration": TIMES, "loop": 3}
    frames[0].save(stream, form, **(some | options))
    return stream.getvalue()


def as_pillow_sees(data: bytes) -> list[np.ndarray]:
    with PilImage.open(io.BytesIO(data)) as picture:
        seen = []
        for number in range(picture.n_frames):
            picture.seek(number)
            seen.append(np.array(picture.convert("RGBA")))
        return seen


def with_alpha(image: Image) -> np.ndarray:
    return np.dstack([image.pixels, image.alpha])


@pytest.mark.parametrize(
    ("form", "options"), [("GIF", {}), ("PNG", {}), ("WEBP", {"lossless": True})]
)
def test_every_frame_and_its_time_are_read(form, options):
    data = animation(form, **options)
    frames = read_frames(data)
    assert (frames.kind, frames.count) == ("animation", COUNT)
    assert frames.loops == (4 if form == "GIF" else 3)  # GIF counts repetitions
    assert [frame.seconds for frame in frames] == [Fraction(t, 1000) for t in TIMES]
    for frame, expected in zip(frames, as_pillow_sees(data), strict=True):
        assert np.array_equal(with_alpha(frame.image), expected)


@pytest.mark.parametrize("suffix", ["png", "webp", "gif"])
@pytest.mark.parametrize("source", ["GIF", "PNG"])
def test_what_is_written_has_the_frames_and_times_of_what_was_read(tmp_path, suffix, source):
    frames = read_frames(animation(source))
    path = tmp_path / f"x.{suffix}"
    write_frames(path, frames, frames, lossless=True)
    again = read_frames(path)
    assert again.delays == frames.delays
    assert again.loops == frames.loops
    bound = 24 if suffix == "gif" else 0  # 256 colours
    for one, other in zip(frames, again, strict=True):
        apart = with_alpha(one.image).astype(int) - with_alpha(other.image)
        assert np.abs(apart).max() <= bound
    seen = as_pillow_sees(path.read_bytes())
    assert all(np.array_equal(a, with_alpha(b.image)) for a, b in zip(seen, again, strict=True))


def test_transparency_of_a_gif_frame_shows_nothing_of_the_frame_before(tmp_path):
    first = Image(np.full((8, 8, 3), 200, np.uint8), np.full((8, 8), 255, np.uint8))
    alpha = np.full((8, 8), 255, np.uint8)
    alpha[:4] = 0
    second = Image(np.full((8, 8, 3), 90, np.uint8), alpha)
    like = read_frames(animation("GIF"))
    like = replace(like, count=2, delays=(Fraction(1, 10),) * 2)
    pictures = [Frame(image, Fraction(1, 10)) for image in (first, second)]
    write_frames(tmp_path / "x.gif", pictures, like)
    seen = as_pillow_sees((tmp_path / "x.gif").read_bytes())[1]
    assert seen[:4, :, 3].max() == 0
    assert (seen[4:] == [90, 90, 90, 255]).all()


def test_times_that_the_format_cannot_hold_are_rounded_with_a_note(tmp_path):
    frames = read_frames(animation("PNG"))
    odd = replace(frames, delays=(Fraction(1, 3),) * COUNT)
    notes = write_frames(tmp_path / "x.webp", odd, odd)
    assert any("rounded to 1/1000 s" in note for note in notes)
    write_frames(tmp_path / "x.png", odd, odd)
    assert read_frames(tmp_path / "x.png").delays == odd.delays


def test_pages_are_read_and_written_one_by_one_each_with_its_own_kind(tmp_path):
    pages = [COLOUR, COLOUR[:9, :12, 0], (COLOUR.astype(np.uint16) * 257)[:5]]
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        for samples in pages:
            writer.write(samples, photometric="rgb" if samples.ndim == 3 else "minisblack")
        writer.write(COLOUR[::2, ::2], photometric="rgb", subfiletype=1)  # a thumbnail
    frames = read_frames(stream.getvalue())
    assert (frames.kind, frames.count) == ("pages", 3)

    def profiled():
        for frame in frames:
            metadata = replace(frame.image.metadata, icc=rgb_profile())
            yield Frame(replace(frame.image, metadata=metadata))

    write_frames(tmp_path / "x.tif", profiled(), frames)
    again = read_frames(tmp_path / "x.tif")
    for frame, samples in zip(again, pages, strict=True):
        assert np.array_equal(np.squeeze(frame.image.pixels), samples)
        assert (frame.image.metadata.icc is not None) == (samples.ndim == 3)
    with tifffile.TiffFile(tmp_path / "x.tif") as file:
        assert [page.shape for page in file.pages] == [p.shape for p in pages]


def test_a_format_for_one_picture_gets_the_first_with_a_note():
    frames = read_frames(animation("GIF")).limited("JPEG")
    assert frames.count == 1
    assert "only the first was written" in frames.notes[0]
    assert "--format webp" in frames.notes[0]
    pages = read_frames(animation("GIF")).limited("TIFF")
    assert (pages.count, pages.kind) == (COUNT, "pages")
    assert "timing" in pages.notes[0]


def test_a_still_is_one_frame_and_the_same_as_read_image():
    data = tiff_bytes(COLOUR, photometric="rgb")
    (frame,) = read_frames(data)
    assert np.array_equal(frame.image.pixels, read_image(data).pixels)


def test_frames_damaged_behind_the_first_are_told_when_their_turn_comes():
    data = animation("GIF")
    with pytest.raises(ImageReadError, match="ends within a block"):
        read_frames(data[:-40])
    png = animation("PNG")
    at = png.rfind(b"fdAT")
    broken = png[: at + 20] + bytes([png[at + 20] ^ 1]) + png[at + 21 :]
    with pytest.raises(ImageReadError, match="checksum"):
        read_frames(broken)


def test_a_frame_beyond_the_canvas_counts_for_the_pixel_limit():
    data = bytearray(animation("GIF"))
    at = data.rfind(b"\x2c")
    struct.pack_into("<HHHH", data, at + 1, 60000, 60000, 31, 20)
    with pytest.raises((ImageTooLargeError, ImageReadError)):
        list(read_frames(bytes(data), max_pixels=1_000_000))


def test_a_page_above_the_limit_is_refused():
    data = tiff_bytes(np.zeros((2, 300, 300), np.uint8), photometric="minisblack")
    assert read_frames(data, max_pixels=90_000).count == 2
    with pytest.raises(ImageTooLargeError):
        list(read_frames(data, max_pixels=80_000))


def test_gif_still_keeps_gray_and_says_what_it_loses(tmp_path):
    gray = Image(np.arange(240, dtype=np.uint8).reshape(12, 20, 1))
    assert write_image(tmp_path / "g.gif", gray) == ()
    assert np.array_equal(read_image(tmp_path / "g.gif").pixels[..., 0], gray.pixels[..., 0])
    notes = write_image(tmp_path / "c.gif", Image(COLOUR))
    assert any("256" in note for note in notes)
