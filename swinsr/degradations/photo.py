"""Photographs as cameras, phones and the web give them: slight damage, texture kept.

Reduction (MATLAB's bicubic), at times a slight blur, sensor noise of a few levels, then JPEG at a
good to middling quality with either chroma sampling; at times JPEG came first and the picture was
resized and saved again without loss, as programs and sites do. Some pictures stay clean. What
section 3 of Real-ESRGAN (arXiv:2107.10833) adds for heavy damage is left out on purpose: a
network that has to expect it smooths what a good photograph has.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from swinsr.degradations.filters import resize
from swinsr.degradations.noise import add_gaussian_noise
from swinsr.errors import ConfigError
from swinsr.image.resize.matlab import imresize

Bytes = NDArray[np.uint8]
Float = NDArray[np.float32]
Range = tuple[float, float]
_SAMPLINGS = {
    "420": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    "422": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_422,
    "444": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
}
# Of a 4:2:0 JPEG's units, in pixels: a crop is to begin anywhere within one.
UNIT = 16


@dataclass(frozen=True)
class Photo:
    """What happens to a photograph.

    Attributes:
        clean: share of pictures that are only reduced.
        blur: share that is blurred, by a Gaussian of a deviation in `sigma`, in pixels.
        noise: share that gets Gaussian noise, of a deviation in `level`, in 8-bit levels.
        gray: share of the noise that is the same in all channels.
        quality: range of JPEG qualities.
        full: share of JPEGs without chroma subsampling.
        again: share that is resized after JPEG, by a factor in `factor`, and saved without loss.

    Raises:
        ConfigError: no share, or no range.
    """

    clean: float = 0.12
    blur: float = 0.25
    sigma: Range = (0.2, 0.9)
    noise: float = 0.5
    level: Range = (0.0, 6.0)
    gray: float = 0.4
    quality: Range = (40.0, 98.0)
    full: float = 0.3
    again: float = 0.2
    factor: Range = (0.6, 1.0)

    def __post_init__(self) -> None:
        """Check."""
        for name in ("clean", "blur", "noise", "gray", "full", "again"):
            if not 0 <= getattr(self, name) <= 1:
                raise ConfigError(f"photo.{name} is a share in 0..1, not {getattr(self, name)}")
        for name in ("sigma", "level", "quality", "factor"):
            low, high = getattr(self, name)
            if not 0 <= low <= high:
                raise ConfigError(f"photo.{name} is a range from low to high, not {(low, high)}")
        if not (self.quality[0] >= 1 and self.quality[1] <= 100):
            raise ConfigError(f"photo.quality is within 1..100, not {self.quality}")
        if not 0.25 <= self.factor[0] <= self.factor[1] <= 1:
            raise ConfigError(f"photo.factor is within 0.25..1, not {self.factor}")


def photograph(image: Bytes, scale: int, settings: Photo, rng: np.random.Generator) -> Bytes:
    """Damage a picture.

    Args:
        image: (height, width, 1 or 3) uint8; both sides multiples of `scale`.
        scale: 1 or more.
        settings: what may happen.
        rng: everything random comes from it.

    Returns:
        (height / scale, width / scale, channels) uint8.
    """
    reduced = image if scale == 1 else imresize(image, scale=1 / scale)
    if rng.random() < settings.clean:
        return reduced
    size = reduced.shape[:2]
    x = reduced.astype(np.float32) / np.float32(255)
    if rng.random() < settings.blur:
        x = _channels(cv2.GaussianBlur(x, (0, 0), max(rng.uniform(*settings.sigma), 0.1)))
    again = bool(rng.random() < settings.again)
    if again:
        # It was larger when it was saved as JPEG.
        factor = rng.uniform(*settings.factor)
        larger = (round(size[0] / factor), round(size[1] / factor))
        x = resize(x, larger, "bicubic")
    if rng.random() < settings.noise:
        gray = bool(rng.random() < settings.gray)
        x = add_gaussian_noise(x, rng.uniform(*settings.level), rng, gray=gray)
    full = bool(rng.random() < settings.full)
    encoded = jpeg_of(_bytes(x), round(rng.uniform(*settings.quality)), "444" if full else "420")
    if not again:
        return encoded
    mode = str(rng.choice(["bicubic", "bilinear", "area"]))
    return _bytes(resize(encoded.astype(np.float32) / np.float32(255), size, mode))


def jpeg_of(image: Bytes, quality: int, sampling: str) -> Bytes:
    """Encode as JPEG with a chroma sampling ("420", "422" or "444") and decode again.

    Args:
        image: (height, width, 1 or 3) uint8, gray or RGB.
        quality: 1 to 100, libjpeg's scale.
        sampling: of the chroma.
    """
    colour = image.shape[2] == 3
    options = [cv2.IMWRITE_JPEG_QUALITY, int(quality)]
    options += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, _SAMPLINGS[sampling]] if colour else []
    _, code = cv2.imencode(".jpg", np.ascontiguousarray(image[..., ::-1]), options)
    decoded = cv2.imdecode(code, cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE)
    return np.ascontiguousarray(_channels(np.asarray(decoded, np.uint8))[..., ::-1])


def _channels(image: NDArray[np.generic]) -> NDArray:  # type: ignore[type-arg]
    """OpenCV drops the axis of a single channel."""
    return image[..., None] if image.ndim == 2 else image


def _bytes(x: Float) -> Bytes:
    return np.rint(x.clip(0, 1) * np.float32(255)).astype(np.uint8)
