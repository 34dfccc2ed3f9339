"""What happens to photographs on their way: blur, resize, noise, JPEG, twice over, and ringing.

    first stage:   blur -> resize -> noise -> JPEG
    second stage:  blur -> resize -> noise -> (reduce, sinc, JPEG | JPEG, reduce, sinc)

A share of the pictures may take a shorter way instead: MATLAB's bicubic, noise, JPEG.

Source: Real-ESRGAN, arXiv:2107.10833, section 3 and figure 2; the simple way is the last part of
BSRGAN's pipeline, arXiv:2103.14006, section 3.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from swinsr.degradations.filters import MODES, blur, resize
from swinsr.degradations.jpeg import jpeg
from swinsr.degradations.kernels import (
    Ellipse,
    Kernel,
    gaussian_kernel,
    generalised_gaussian_kernel,
    plateau_kernel,
    sinc_kernel,
)
from swinsr.degradations.noise import add_gaussian_noise, add_poisson_noise
from swinsr.errors import ConfigError
from swinsr.image.resize.matlab import imresize

Float = NDArray[np.float32]
Bytes = NDArray[np.uint8]
Range = tuple[float, float]

KERNEL_SIZES = tuple(range(7, 23, 2))
# Gaussian, generalised and plateau kernels, each round or not; the paper's shares.
KINDS = ("gaussian", "generalised", "plateau")
KIND_SHARES = (0.7, 0.15, 0.15)
ROUND_SHARE = (0.64, 0.8, 0.8)
BETAS = {"generalised": (0.5, 4.0), "plateau": (1.0, 2.0)}


@dataclass(frozen=True)
class DamageStage:
    """One blur, resize, noise and JPEG.

    Attributes:
        blur: probability of a blur at all.
        sinc: probability that it is a sinc.
        sigma: range of the other blurs' standard deviations, in pixels.
        enlarge, reduce: probabilities of a resize above and below 1.
        resize: smallest and largest factor.
        gaussian: probability of Gaussian noise; the rest is Poisson.
        noise: range of the Gaussian's standard deviation, in 8-bit levels.
        poisson: range of the Poisson noise's strength.
        gray: probability that all channels share their noise.
        jpeg: range of JPEG qualities.
    """

    blur: float = 1.0
    sinc: float = 0.1
    sigma: Range = (0.2, 3.0)
    enlarge: float = 0.2
    reduce: float = 0.7
    resize: Range = (0.15, 1.5)
    gaussian: float = 0.5
    noise: Range = (1.0, 30.0)
    poisson: Range = (0.05, 3.0)
    gray: float = 0.4
    jpeg: Range = (30.0, 95.0)

    def __post_init__(self) -> None:
        """Check."""
        _check_shares(self, ("blur", "sinc", "enlarge", "reduce", "gaussian", "gray"))
        _check_ranges(self, ("sigma", "resize", "noise", "poisson", "jpeg"))
        if self.enlarge + self.reduce > 1:
            raise ConfigError("enlarge and reduce are shares of one whole: together at most 1")
        if not self.resize[0] <= 1 <= self.resize[1] or self.resize[0] <= 0 or self.sigma[0] <= 0:
            raise ConfigError("resize is a range above 0 around 1, and sigma is above 0")


@dataclass(frozen=True)
class RealWorld:
    """The whole pipeline.

    Attributes:
        first, second: the two stages.
        final_sinc: probability of the last sinc.
        simple: share of pictures that take the simple way.
        simple_noise: range of its Gaussian noise, in 8-bit levels.
        simple_jpeg: range of its JPEG qualities.
    """

    first: DamageStage = field(default_factory=DamageStage)
    second: DamageStage = field(
        default_factory=lambda: DamageStage(
            blur=0.8,
            sigma=(0.2, 1.5),
            enlarge=0.3,
            reduce=0.4,
            resize=(0.3, 1.2),
            noise=(1.0, 25.0),
            poisson=(0.05, 2.5),
        )
    )
    final_sinc: float = 0.8
    simple: float = 0.0
    simple_noise: Range = (0.0, 20.0)
    simple_jpeg: Range = (30.0, 95.0)

    def __post_init__(self) -> None:
        """Check."""
        _check_shares(self, ("final_sinc", "simple"))
        _check_ranges(self, ("simple_noise", "simple_jpeg"))


def degrade(image: Bytes, scale: int, settings: RealWorld, rng: np.random.Generator) -> Bytes:
    """Reduce a picture by `scale` and damage it as `settings` say.

    Args:
        image: (height, width, channels) uint8; both sides are multiples of `scale`.
        scale: 1 or more.
        settings: the pipeline.
        rng: everything random comes from it.

    Returns:
        (height / scale, width / scale, channels) uint8.
    """
    if rng.random() < settings.simple:
        return simple_way(image, scale, settings, rng)
    size = (image.shape[0] // scale, image.shape[1] // scale)
    x = to_float(image)
    x = random_blur(x, settings.first, rng)
    x = random_resize(x, image.shape[:2], settings.first, rng)
    x = random_noise(x, settings.first, rng)
    x = random_jpeg(x, settings.first.jpeg, rng)
    x = random_blur(x, settings.second, rng)
    x = random_resize(x, size, settings.second, rng)
    x = random_noise(x, settings.second, rng)
    jpeg_first = rng.random() < 0.5
    if jpeg_first:
        x = random_jpeg(x, settings.second.jpeg, rng)
    x = resize(x, size, _mode(rng))
    if rng.random() < settings.final_sinc:
        x = blur(x, random_sinc(rng, lowest=math.pi / 3))
    if not jpeg_first:
        x = random_jpeg(x, settings.second.jpeg, rng)
    return to_bytes(x)


def simple_way(image: Bytes, scale: int, settings: RealWorld, rng: np.random.Generator) -> Bytes:
    """MATLAB's bicubic, Gaussian noise, JPEG; shapes as `degrade`."""
    reduced = to_float(imresize(image, scale=1 / scale))
    noisy = add_gaussian_noise(reduced, rng.uniform(*settings.simple_noise), rng)
    return to_bytes(random_jpeg(noisy, settings.simple_jpeg, rng))


def random_kernel(stage: DamageStage, rng: np.random.Generator) -> Kernel:
    """A kernel of random kind, size, spread and direction; see `swinsr.degradations.kernels`."""
    if rng.random() < stage.sinc:
        return random_sinc(rng, lowest=math.pi / 5)
    size = int(rng.choice(KERNEL_SIZES))
    kind = int(rng.choice(len(KINDS), p=KIND_SHARES))
    sigma = rng.uniform(*stage.sigma)
    if rng.random() < ROUND_SHARE[kind]:
        ellipse = Ellipse(sigma, sigma)
    else:
        ellipse = Ellipse(sigma, rng.uniform(*stage.sigma), rng.uniform(-math.pi, math.pi))
    if KINDS[kind] == "gaussian":
        return gaussian_kernel(size, ellipse)
    low, high = BETAS[KINDS[kind]]
    beta = rng.uniform(low, 1) if rng.random() < 0.5 else rng.uniform(1, high)
    if KINDS[kind] == "generalised":
        return generalised_gaussian_kernel(size, ellipse, beta)
    return plateau_kernel(size, ellipse, beta)


def random_sinc(rng: np.random.Generator, *, lowest: float) -> Kernel:
    """A sinc of random size whose cutoff is at least `lowest`, in radians a pixel."""
    return sinc_kernel(int(rng.choice(KERNEL_SIZES)), rng.uniform(lowest, math.pi))


def random_blur(image: Float, stage: DamageStage, rng: np.random.Generator) -> Float:
    """Blur with a random kernel, or not at all."""
    return blur(image, random_kernel(stage, rng)) if rng.random() < stage.blur else image


def random_resize(
    image: Float, base: tuple[int, ...], stage: DamageStage, rng: np.random.Generator
) -> Float:
    """Resize to `base` (height, width) times a random factor, in a random mode."""
    choice = rng.random()
    factor = 1.0
    if choice < stage.enlarge:
        factor = rng.uniform(1, stage.resize[1])
    elif choice < stage.enlarge + stage.reduce:
        factor = rng.uniform(stage.resize[0], 1)
    size = (max(1, round(base[0] * factor)), max(1, round(base[1] * factor)))
    return resize(image, size, _mode(rng))


def random_noise(image: Float, stage: DamageStage, rng: np.random.Generator) -> Float:
    """Gaussian or Poisson noise of random strength."""
    gray = bool(rng.random() < stage.gray)
    if rng.random() < stage.gaussian:
        noisy = add_gaussian_noise(image, rng.uniform(*stage.noise), rng, gray=gray)
    else:
        noisy = add_poisson_noise(image, rng.uniform(*stage.poisson), rng, gray=gray)
    return noisy.clip(0, 1)


def random_jpeg(image: Float, qualities: Range, rng: np.random.Generator) -> Float:
    """JPEG of random quality."""
    quality = round(rng.uniform(*qualities))
    return to_float(jpeg(to_bytes(image), quality))


def to_float(image: Bytes) -> Float:
    """0..255 to 0..1."""
    return np.asarray(image, np.float32) / np.float32(255)


def to_bytes(image: Float) -> Bytes:
    """0..1 to 0..255, clipped and rounded."""
    return np.rint(image.clip(0, 1) * np.float32(255)).astype(np.uint8)


def _mode(rng: np.random.Generator) -> str:
    return str(rng.choice(list(MODES)))


def _check_shares(settings: object, names: tuple[str, ...]) -> None:
    for name in names:
        if not 0 <= getattr(settings, name) <= 1:
            raise ConfigError(f"{name} is a probability in 0..1, not {getattr(settings, name)}")


def _check_ranges(settings: object, names: tuple[str, ...]) -> None:
    for name in names:
        low, high = getattr(settings, name)
        if not 0 <= low <= high:
            raise ConfigError(f"{name} is a range from low to high, not {(low, high)}")
        if name.endswith("jpeg") and not (low >= 1 and high <= 100):
            raise ConfigError(f"{name} is a range of qualities in 1..100, not {(low, high)}")
