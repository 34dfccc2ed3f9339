"""Resizing: antialiased, centred, exact on constants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as PilImage
from skimage.transform import downscale_local_mean

from swinsr.errors import ShapeMismatchError
from swinsr.image.resize.pillow import resize
from tests.image.image_files import random_samples

KERNELS = ["bicubic", "lanczos", "bilinear", "box"]


@pytest.mark.parametrize("kernel", KERNELS)
def test_8_bit_is_what_pillow_gives_to_one_level(kernel):
    # Mild contrasts: Pillow's 8-bit resampler clips overshoot between its two passes.
    pixels = random_samples((61, 47, 3), np.uint8) // 3 + 85
    method = PilImage.Resampling[kernel.upper()]
    for height, width in ((20, 31), (122, 94), (61, 10)):
        expected = np.array(PilImage.fromarray(pixels).resize((width, height), method)).astype(int)
        assert np.abs(resize(pixels, height, width, kernel=kernel) - expected).max() <= 1


@settings(max_examples=60, deadline=None)
@given(
    *(st.integers(1, 40) for _ in range(4)),
    st.sampled_from([1, 2, 3, 5]),
    st.sampled_from(KERNELS),
    st.sampled_from([np.uint8, np.uint16, np.float32]),
)
def test_constants_stay(height, width, to_height, to_width, channels, kernel, dtype):
    value = random_samples((1, 1, channels), dtype, height * 41 + width)
    pixels = np.broadcast_to(value, (height, width, channels))
    result = resize(pixels, to_height, to_width, kernel=kernel)
    assert result.shape == (to_height, to_width, channels)
    assert result.dtype == dtype
    assert np.allclose(result, np.broadcast_to(value, result.shape), rtol=1e-6, atol=0)


def test_box_by_a_whole_factor_is_the_mean():
    pixels = random_samples((24, 36), np.float32)
    expected = downscale_local_mean(pixels, (3, 4))
    assert np.allclose(resize(pixels, 8, 9, kernel="box"), expected, atol=1e-6)


@pytest.mark.parametrize("kernel", ["bicubic", "lanczos"])
def test_reduction_does_not_alias(kernel):
    """Stripes finer than the result can show must become gray, not coarser stripes."""
    stripes = (np.arange(300) % 2).astype(np.float32)[None].repeat(8, axis=0)
    reduced = resize(stripes, 8, 97, kernel=kernel)[:, 3:-3]
    assert np.abs(reduced - 0.5).max() < 0.05


@pytest.mark.parametrize("kernel", KERNELS)
def test_pixel_centres_are_kept(kernel):
    ramp = ((np.arange(64) + 0.5) / 64).astype(np.float32)[None].repeat(4, axis=0)
    for width in (16, 32, 256):
        inner = slice(width // 8, -width // 8)
        expected = (np.arange(width) + 0.5) / width
        bound = 1 / 64 if kernel == "box" else 1e-3
        assert np.abs(resize(ramp, 4, width, kernel=kernel)[0] - expected)[inner].max() < bound


def test_overshoot_is_clipped_in_integers_and_kept_in_floats():
    edge = np.zeros((1, 20), np.uint16)
    edge[:, 10:] = 65535
    assert (resize(edge, 1, 80).min(), resize(edge, 1, 80).max()) == (0, 65535)
    assert resize(edge.astype(np.float32) / 65535, 1, 80).max() > 1.01


def test_same_size_costs_nothing():
    pixels = random_samples((4, 4, 3), np.uint8)
    assert resize(pixels, 4, 4) is pixels


@pytest.mark.parametrize(
    ("samples", "size"),
    [
        (np.zeros((4, 4), np.float64), (2, 2)),
        (np.zeros(4, np.uint8), (2, 2)),
        (np.zeros((0, 4), np.uint8), (2, 2)),
        (np.zeros((4, 4), np.uint8), (0, 2)),
    ],
)
def test_what_cannot_be_resized_is_refused(samples, size):
    with pytest.raises(ShapeMismatchError):
        resize(samples, *size)
