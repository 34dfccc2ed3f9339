"""Blur kernels: Gaussian, generalised Gaussian, plateau and sinc; all odd, square, summing to 1.

    Gaussian      exp(-q / 2)            q = x^T S^-1 x, S with standard deviations along two axes
    generalised   exp(-q^beta / 2)       beta below 1 is peaked, above 1 flat on top
    plateau       1 / (1 + q^beta)       flat on top with long tails
    sinc          c / (2 pi r) J1(c r)   an ideal low pass of cutoff c: it rings and overshoots

Source: Real-ESRGAN, arXiv:2107.10833, sections 3.1 and 3.3; generalised Gaussian and plateau as
in D. Liu et al., "Estimating generalized Gaussian blur kernels for out-of-focus image
deblurring", IEEE TCSVT 31(3), 2021.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ConfigError

Kernel = NDArray[np.float32]


@dataclass(frozen=True)
class Ellipse:
    """Spread of a blur: standard deviations in pixels along two axes, the first one turned."""

    sigma_x: float
    sigma_y: float
    angle: float = 0.0  # radians, from the horizontal

    def __post_init__(self) -> None:
        """Check."""
        if not (self.sigma_x > 0 and self.sigma_y > 0):
            raise ConfigError("A blur's standard deviations are above 0")


def gaussian_kernel(size: int, ellipse: Ellipse) -> Kernel:
    """A Gaussian of `size` x `size` taps."""
    return _normalised(np.exp(-_quadratic(size, ellipse) / 2))


def generalised_gaussian_kernel(size: int, ellipse: Ellipse, beta: float) -> Kernel:
    """A Gaussian with its exponent raised to `beta`, above 0."""
    _check_beta(beta)
    return _normalised(np.exp(-(_quadratic(size, ellipse) ** beta) / 2))


def plateau_kernel(size: int, ellipse: Ellipse, beta: float) -> Kernel:
    """1 / (1 + q ** beta), beta above 0."""
    _check_beta(beta)
    return _normalised(1 / (1 + _quadratic(size, ellipse) ** beta))


def sinc_kernel(size: int, cutoff: float) -> Kernel:
    """A circular low pass: (size, size) with `cutoff` in 0..pi radians a pixel, 0 excluded.

    Raises:
        ConfigError: an even size or a cutoff outside its range.
    """
    if not 0 < cutoff <= math.pi:
        raise ConfigError(f"A sinc's cutoff lies in 0..pi, not at {cutoff}")
    radius = np.hypot(*_offsets(size))
    centre = radius == 0
    radius[centre] = 1
    kernel = cutoff * _bessel_j1(cutoff * radius) / (2 * math.pi * radius)
    kernel[centre] = cutoff**2 / (4 * math.pi)  # the limit
    return _normalised(kernel)


def _offsets(size: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Vertical and horizontal distances from the middle."""
    if size < 1 or size % 2 == 0:
        raise ConfigError(f"A blur kernel's size is odd, not {size}")
    line = np.arange(size, dtype=np.float64) - size // 2
    y, x = np.meshgrid(line, line, indexing="ij")
    return y, x


def _quadratic(size: int, ellipse: Ellipse) -> NDArray[np.float64]:
    y, x = _offsets(size)
    cos, sin = math.cos(ellipse.angle), math.sin(ellipse.angle)
    along, across = cos * x + sin * y, cos * y - sin * x
    q: NDArray[np.float64] = (along / ellipse.sigma_x) ** 2 + (across / ellipse.sigma_y) ** 2
    return q


def _check_beta(beta: float) -> None:
    if beta <= 0:
        raise ConfigError(f"The exponent beta of a blur is above 0, not {beta}")


def _normalised(kernel: NDArray[np.float64]) -> Kernel:
    return np.asarray(kernel / kernel.sum(), np.float32)


def _bessel_j1(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The Bessel function of the first kind and order 1, by its integral.

    J1(x) = 1/pi * integral of cos(t - x sin t) over 0..pi; the midpoint rule converges faster
    than any power of the number of points, because the integrand is periodic.
    """
    different, places = np.unique(x, return_inverse=True)  # few: a kernel is symmetric
    points = 64 + 2 * int(np.max(np.abs(x)))
    t = (np.arange(points) + 0.5) * (math.pi / points)
    values: NDArray[np.float64] = np.cos(t - different[:, None] * np.sin(t)).mean(axis=-1)
    return values[places].reshape(x.shape)
