"""Float pictures: the range that a file holds is kept, and nothing is clipped in silence."""

import io

import cv2
import numpy as np
import pytest
import tifffile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PilImage

from swinsr.errors import ImageReadError, ShapeMismatchError
from swinsr.image import (
    Image,
    Metadata,
    encode_image,
    from_pil,
    from_unit,
    in_depth,
    read_image,
    resize_image,
    to_pil,
    to_unit,
    write_image,
)
from swinsr.image.bands import Outline, encode_bands
from tests.image.image_files import exif_bytes, tiff_bytes

RANGES = [(300.0, 1400.0), (0.0, 4.0), (0.0, 255.0), (-1.0, 1.0), (-9000.0, -100.0)]


def ramp(low: float, high: float, channels: int = 1) -> np.ndarray:
    values = np.linspace(low, high, 20 * 30 * channels, dtype=np.float32)
    return values.reshape(20, 30, channels)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize(("low", "high"), RANGES)
def test_a_float_tiff_has_the_range_it_holds_and_the_values_of_its_peers(low, high, channels):
    values = ramp(low, high, channels)
    photometric = "rgb" if channels == 3 else "minisblack"
    data = tiff_bytes(np.squeeze(values), photometric=photometric)
    image = read_image(data)
    assert (image.low, image.high) == image.range == (low, high)
    assert np.array_equal(image.pixels, values)
    assert np.array_equal(np.squeeze(image.pixels), tifffile.imread(io.BytesIO(data)))
    theirs = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    assert np.array_equal(np.squeeze(image.pixels), theirs[..., ::-1] if channels == 3 else theirs)


def test_samples_within_0_and_1_go_from_0_to_1():
    assert read_image(tiff_bytes(ramp(0.2, 0.9)[..., 0])).range == (0, 1)


def test_a_range_that_the_file_states_counts():
    tags = [(340, "f", 1, 0.0, True), (341, "f", 1, 4095.0, True)]
    image = read_image(tiff_bytes(ramp(10, 20)[..., 0], extratags=tags))
    assert image.range == (0, 4095)
    within = read_image(
        tiff_bytes(
            ramp(0.1, 0.2)[..., 0], extratags=[(340, "f", 1, 0.1, True), (341, "f", 1, 0.2, True)]
        )
    )
    assert within.range == (0, 1)


def test_a_flat_picture_outside_0_and_1_has_a_range():
    assert read_image(tiff_bytes(np.full((4, 5), 7, np.float32))).range == (0, 7)
    assert read_image(tiff_bytes(np.full((4, 5), -7, np.float32))).range == (-7, 0)


def test_inverted_floats_stay_within_their_range():
    values = ramp(300, 1400)
    image = read_image(tiff_bytes(values[..., 0], photometric="miniswhite"))
    assert image.range == (300, 1400)
    assert np.array_equal(image.pixels, 1700 - values)


@pytest.mark.parametrize(("low", "high"), RANGES)
def test_a_float_tiff_goes_out_with_its_values_and_its_range(tmp_path, low, high):
    image = Image(ramp(low, high, 3), low=low - 5, high=high + 5)
    assert write_image(tmp_path / "x.tif", image) == ()
    again = read_image(tmp_path / "x.tif")
    assert np.array_equal(again.pixels, image.pixels)
    assert again.range == (low - 5, high + 5)
    assert np.array_equal(tifffile.imread(tmp_path / "x.tif"), image.pixels)


def test_other_formats_get_black_at_low_and_white_at_high_with_a_note(tmp_path):
    image = Image(ramp(300, 1400), low=300, high=1400)
    (note,) = write_image(tmp_path / "x.png", image)
    assert "300 becoming black and 1400 white" in note and "clipped" not in note
    exact = (image.pixels.astype(float) - 300) / 1100 * 65535
    assert np.abs(read_image(tmp_path / "x.png").pixels - exact).max() <= 0.51
    (note,) = write_image(tmp_path / "y.png", Image(image.pixels, low=400, high=1000))
    assert "clipped" in note


@pytest.mark.parametrize("form", ["PNG", "TIFF", "JPEG", "BMP"])
@pytest.mark.parametrize("low", [300.0, 500.0])
def test_bands_keep_the_range_and_say_what_is_clipped(form, low):
    values = ramp(300, 1400, 3)
    outline = Outline(20, 30, 3, False, values.dtype, Image(values).metadata, low, 1400.0)
    banded, whole = io.BytesIO(), io.BytesIO()
    notes = encode_bands(banded, outline, [values[:7], values[7:]], form, quality=95)
    assert notes == encode_image(whole, Image(values, low=low, high=1400.0), form, quality=95)
    assert ("clipped" in " ".join(notes)) == (low == 500 and form != "TIFF")
    one, other = read_image(banded.getvalue()), read_image(whole.getvalue())
    assert np.array_equal(one.pixels, other.pixels) and one.range == other.range


def test_reducing_floats_is_interpolation_alone():
    values = np.random.default_rng(0).uniform(300, 1400, (40, 60, 3)).astype(np.float32)
    reduced = resize_image(Image(values, low=300, high=1400), 20, 30)
    assert (reduced.low, reduced.high) == (300, 1400)
    for channel in range(3):
        plane = PilImage.fromarray(values[..., channel]).resize(
            (30, 20), PilImage.Resampling.BICUBIC
        )
        assert np.array_equal(reduced.pixels[..., channel], np.asarray(plane))


@given(st.floats(-1e4, 1e4), st.floats(0.01, 1e4), st.integers(0, 99))
def test_the_way_to_0_and_1_and_back_is_exact_to_rounding(low, extent, seed):
    values = np.random.default_rng(seed).uniform(low, low + extent, 50).astype(np.float32)
    back = from_unit(to_unit(values, low, low + extent), low, low + extent)
    assert np.abs(back - values).max() <= 4 * np.spacing(np.float32(abs(low) + extent))
    assert to_unit(values, 0.0, 1.0) is values


def test_pillow_images_of_floats_have_their_range():
    image = from_pil(PilImage.fromarray(ramp(0, 255)[..., 0]))
    assert image.range == (0, 255)
    assert np.array_equal(np.asarray(to_pil(image)), image.pixels[..., 0])
    colour = Image(ramp(0, 4, 3), low=0, high=4)
    assert np.array_equal(np.asarray(to_pil(colour)), in_depth(colour, np.uint8).pixels)
    assert np.asarray(to_pil(colour)).max() == 255


def test_what_has_no_order_or_no_end_is_refused():
    with pytest.raises(ShapeMismatchError, match="black"):
        Image(ramp(0, 1), low=1, high=1)
    wide = np.dstack([ramp(0, 255, 3), ramp(0, 255)])
    data = tiff_bytes(wide, photometric="rgb", extrasamples=["unassalpha"])
    with pytest.raises(ImageReadError, match="transparency goes from 0 to 255"):
        read_image(data)
    with pytest.raises(ImageReadError, match="not numbers"):
        read_image(tiff_bytes(np.full((4, 5), 1e300)))


def test_floats_beside_a_big_endian_exif_block_are_read_by_pillow(tmp_path):
    image = Image(
        ramp(300, 1400), metadata=Metadata(exif=exif_bytes(order=">")), low=300, high=1400
    )
    write_image(tmp_path / "x.tif", image)
    with PilImage.open(tmp_path / "x.tif") as picture:
        assert np.array_equal(np.asarray(picture), image.pixels[..., 0])


def test_64_bit_floats_are_rounded_with_a_note():
    (note,) = read_image(tiff_bytes(np.linspace(0, 1, 20).reshape(4, 5))).notes
    assert "64-bit samples were rounded" in note
    assert read_image(tiff_bytes(np.full((4, 5), 0.5))).notes == ()
