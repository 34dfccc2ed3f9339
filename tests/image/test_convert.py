"""Sample types, gray and RGB, the picture type itself."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image as PilImage

from swinsr.errors import PictureTypeError, ShapeMismatchError
from swinsr.image import Image, to_depth, to_float, to_gray, to_rgb
from tests.image.image_files import random_samples

BYTES, WORDS = np.arange(256, dtype=np.uint8), np.arange(65536, dtype=np.uint16)


def test_every_integer_survives_float():
    for values in (BYTES, WORDS):
        floats = to_float(values)
        assert floats.dtype == np.float32
        assert (floats[0], floats[-1]) == (0, 1)
        assert np.array_equal(to_depth(floats, values.dtype), values)


def test_8_bit_survives_16_bit_and_black_and_white_stay():
    wide = to_depth(BYTES, np.uint16)
    assert (wide[0], wide[-1]) == (0, 65535)
    assert np.array_equal(to_depth(wide, np.uint8), BYTES)


def test_16_to_8_bit_is_the_nearest():
    assert np.array_equal(to_depth(WORDS, np.uint8), np.floor(WORDS / 257 + 0.5))


@given(st.floats(width=32))
def test_floats_are_clipped_and_rounded_half_up(value):
    result = int(to_depth(np.array([value], np.float32), np.uint8)[0])
    expected = 0 if np.isnan(value) else min(max(value, 0.0), 1.0) * 255
    assert abs(result - expected) <= 0.5 + 1e-4


def test_halves_go_up_and_the_input_is_not_changed():
    values = np.array([0.5 / 255, 2.5 / 255, np.nan, np.inf, -np.inf], np.float32)
    before = values.copy()
    assert to_depth(values, np.uint8).tolist() == [1, 3, 0, 255, 0]
    assert np.array_equal(values, before, equal_nan=True)


@pytest.mark.parametrize("dtype", [np.int32, np.float64, np.bool_])
def test_other_types_are_refused(dtype):
    with pytest.raises(ShapeMismatchError):
        to_float(np.zeros(3, dtype))
    with pytest.raises(ShapeMismatchError):
        to_depth(np.zeros(3, np.uint8), dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_gray_to_rgb_and_back_is_exact(dtype):
    gray = random_samples((40, 50, 1), dtype)
    assert np.array_equal(to_gray(to_rgb(gray)), gray)
    assert to_gray(gray) is gray


def test_gray_is_pillows_luma():
    rgb = random_samples((40, 50, 3), np.uint8)
    expected = np.array(PilImage.fromarray(rgb).convert("L"))
    assert np.abs(to_gray(rgb)[..., 0].astype(int) - expected).max() <= 1
    floats = to_gray(to_float(rgb))[..., 0]
    assert np.abs(floats - to_gray(rgb)[..., 0] / 255).max() < 0.5 / 255 + 1e-6


@pytest.mark.parametrize(
    ("pixels", "alpha"),
    [
        (np.zeros((4, 4), np.uint8), None),
        (np.zeros((4, 4, 4), np.uint8), None),
        (np.zeros((0, 4, 3), np.uint8), None),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 5), np.uint8)),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4), np.uint16)),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 1), np.uint8)),
    ],
)
def test_arrays_that_are_no_picture_are_refused(pixels, alpha):
    with pytest.raises(ShapeMismatchError):
        Image(pixels, alpha)


@pytest.mark.parametrize("dtype", [np.float64, np.int64, bool])
def test_pixels_of_another_type_are_a_type_error_of_ours(dtype):
    with pytest.raises(PictureTypeError, match="convert them first") as told:
        Image(np.zeros((4, 4, 3), dtype))
    assert isinstance(told.value, TypeError)


def test_a_picture_knows_its_size_and_depth():
    image = Image(np.zeros((4, 5, 1), np.uint16))
    assert (image.height, image.width, image.channels, image.bits) == (4, 5, 1, 16)
    assert image.is_gray
