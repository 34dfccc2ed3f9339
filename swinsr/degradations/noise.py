"""Noise on float32 pictures in 0..1: Gaussian (of the sensor) and Poisson (of the light).

Nothing is clipped here: whoever stores the result as bytes clips and rounds it.
"""

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ConfigError

Float = NDArray[np.float32]


def add_gaussian_noise(
    image: Float, sigma: float, rng: np.random.Generator, *, gray: bool = False
) -> Float:
    """Add white Gaussian noise.

    Args:
        image: (height, width, channels), 0..1.
        sigma: standard deviation in 8-bit levels, as denoising papers give it (25 is 25 / 255).
        rng: where the noise comes from.
        gray: one noise for all channels.

    Raises:
        ConfigError: a negative sigma.
    """
    if sigma < 0:
        raise ConfigError(f"Noise of standard deviation {sigma} is not possible; use 0 or above")
    return image + rng.standard_normal(_shape(image, gray), np.float32) * np.float32(sigma / 255)


def add_poisson_noise(
    image: Float, strength: float, rng: np.random.Generator, *, gray: bool = False
) -> Float:
    """Add what photon counting adds: noise whose variance grows with the brightness.

    A pixel of value v is counted as Poisson(v * photons) with photons the picture's number of
    distinct 8-bit levels, rounded up to a power of 2; the difference from v is multiplied by
    `strength`.

    Args:
        image: (height, width, channels), 0..1; values outside are clipped for the counting.
        strength: factor on the noise; 1 is the counting noise itself.
        rng: where the noise comes from.
        gray: count the luma and add the same difference to all channels.

    Raises:
        ConfigError: a negative strength.

    Source: Real-ESRGAN, arXiv:2107.10833, section 3.1.
    """
    if strength < 0:
        raise ConfigError(f"Noise of strength {strength} is not possible; use 0 or above")
    levels = np.asarray(np.rint(image.clip(0, 1) * np.float32(255)), np.float32) / np.float32(255)
    if gray and image.shape[2] == 3:
        weights = np.array([0.299, 0.587, 0.114], np.float32)
        luma = np.rint(levels @ weights * np.float32(255))[..., None]
        levels = np.asarray(luma / np.float32(255), np.float32)
    distinct = np.count_nonzero(np.bincount(np.rint(levels * 255).astype(np.uint8).ravel()))
    photons = 2 ** (max(int(distinct), 2) - 1).bit_length()
    counted = (rng.poisson(levels * photons) / photons).astype(np.float32)
    noise: Float = (counted - levels) * np.float32(strength)
    return image + noise


def _shape(image: Float, gray: bool) -> tuple[int, ...]:
    return (*image.shape[:2], 1) if gray else image.shape
