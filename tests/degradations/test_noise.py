"""Noise has the strength it is asked for, and nothing else changes."""

import numpy as np
import pytest

from swinsr.degradations import add_gaussian_noise, add_poisson_noise
from swinsr.errors import ConfigError


def flat(value: float, channels: int = 3) -> np.ndarray:
    return np.full((128, 128, channels), value, np.float32)


@pytest.mark.parametrize("sigma", [5.0, 25.0, 50.0])
def test_gaussian_noise_has_the_asked_deviation_in_levels(sigma: float) -> None:
    noise = add_gaussian_noise(flat(0.5), sigma, np.random.default_rng(0)) - 0.5
    assert noise.std() * 255 == pytest.approx(sigma, rel=0.02)
    assert abs(noise.mean() * 255) < sigma / 50


def test_gaussian_noise_is_not_clipped() -> None:
    assert add_gaussian_noise(flat(1.0), 25, np.random.default_rng(0)).max() > 1.05


@pytest.mark.parametrize("add", [add_gaussian_noise, add_poisson_noise])
def test_gray_noise_is_alike_in_all_channels(add) -> None:
    noise = add(flat(0.5), 2.0, np.random.default_rng(0), gray=True) - 0.5
    assert noise.std() > 0
    assert np.ptp(noise, axis=2).max() < 1e-6


@pytest.mark.parametrize("add", [add_gaussian_noise, add_poisson_noise])
def test_colour_noise_differs_between_channels(add) -> None:
    noise = add(flat(0.5), 2.0, np.random.default_rng(0)) - 0.5
    assert abs(np.corrcoef(noise[..., 0].ravel(), noise[..., 1].ravel())[0, 1]) < 0.05


@pytest.mark.parametrize("add", [add_gaussian_noise, add_poisson_noise])
def test_strength_zero_changes_nothing(add) -> None:
    image = np.random.default_rng(1).random((9, 7, 3), np.float32)
    assert np.array_equal(add(image, 0.0, np.random.default_rng(0)), image)


def test_poisson_variance_grows_with_brightness() -> None:
    ramp = np.repeat(np.array([0.1, 0.8], np.float32), 64 * 128).reshape(128, 128, 1)
    noise = add_poisson_noise(ramp, 1.0, np.random.default_rng(0)) - ramp
    dark, bright = noise[:64].var(), noise[64:].var()
    assert bright / dark == pytest.approx(8, rel=0.1)


def test_poisson_counts_as_many_photons_as_levels() -> None:
    ramp = np.tile(np.arange(256, dtype=np.float32) / 255, (256, 1))[..., None]
    noise = add_poisson_noise(ramp, 1.0, np.random.default_rng(0)) - ramp
    assert noise.var() == pytest.approx(0.5 / 256, rel=0.05)  # mean brightness over photons


@pytest.mark.parametrize("add", [add_gaussian_noise, add_poisson_noise])
def test_rejects_negative_strength(add) -> None:
    with pytest.raises(ConfigError):
        add(flat(0.5), -1.0, np.random.default_rng(0))
