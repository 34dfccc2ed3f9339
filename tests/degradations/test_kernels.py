"""Blur kernels have the mass, spread and shape that their formulas say."""

import math

import numpy as np
import pytest

from swinsr.degradations.kernels import (
    Ellipse,
    _bessel_j1,
    gaussian_kernel,
    generalised_gaussian_kernel,
    plateau_kernel,
    sinc_kernel,
)
from swinsr.errors import ConfigError

ROUND = Ellipse(1.5, 1.5)
ALL = [
    gaussian_kernel(21, ROUND),
    generalised_gaussian_kernel(21, ROUND, 0.7),
    plateau_kernel(21, ROUND, 1.5),
    sinc_kernel(21, 1.2),
]


@pytest.mark.parametrize("kernel", ALL)
def test_sums_to_one_and_is_symmetric(kernel: np.ndarray) -> None:
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    for turned in (kernel.T, kernel[::-1], kernel[:, ::-1]):
        assert np.allclose(turned, kernel, atol=1e-8)


def test_gaussian_has_the_asked_spread_along_its_turned_axis() -> None:
    kernel = gaussian_kernel(31, Ellipse(3.0, 1.0, math.pi / 6)).astype(float)
    line = np.arange(31) - 15.0
    y, x = np.meshgrid(line, line, indexing="ij")
    along = math.cos(math.pi / 6) * x + math.sin(math.pi / 6) * y
    across = -math.sin(math.pi / 6) * x + math.cos(math.pi / 6) * y
    assert math.sqrt((kernel * along**2).sum()) == pytest.approx(3, rel=0.01)
    assert math.sqrt((kernel * across**2).sum()) == pytest.approx(1, rel=0.01)


def test_beta_one_is_the_plain_gaussian() -> None:
    assert np.allclose(generalised_gaussian_kernel(9, ROUND, 1.0), gaussian_kernel(9, ROUND))


def test_plateau_has_longer_tails_than_the_gaussian() -> None:
    assert plateau_kernel(21, ROUND, 1.0)[0, 10] > 100 * gaussian_kernel(21, ROUND)[0, 10]


def test_sinc_passes_below_its_cutoff_and_stops_above() -> None:
    response = np.abs(np.fft.fft(sinc_kernel(61, 1.0).sum(axis=0), 256))
    frequency = np.arange(256) * 2 * math.pi / 256
    assert np.allclose(response[frequency < 0.8], 1, atol=0.12)
    assert np.all(response[(frequency > 1.3) & (frequency < math.pi)] < 0.12)


def test_sinc_rings() -> None:
    assert sinc_kernel(21, math.pi / 3).min() < -0.001


def test_bessel_function_equals_its_known_values() -> None:
    x = np.array([0.0, 1.0, 2.0, 3.8317059702, 10.0])  # the fourth is its first zero
    known = [0.0, 0.4400505857, 0.5767248078, 0.0, 0.0434727462]
    assert np.allclose(_bessel_j1(x), known, atol=1e-9)


@pytest.mark.parametrize("size", [0, 4, -1])
def test_rejects_even_sizes(size: int) -> None:
    with pytest.raises(ConfigError, match="odd"):
        gaussian_kernel(size, ROUND)


def test_rejects_impossible_spread_exponent_and_cutoff() -> None:
    with pytest.raises(ConfigError):
        Ellipse(0.0, 1.0)
    with pytest.raises(ConfigError):
        plateau_kernel(5, ROUND, 0.0)
    with pytest.raises(ConfigError):
        sinc_kernel(5, 4.0)
