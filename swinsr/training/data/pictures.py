"""Folders of pictures, read whole or in random crops, as 8-bit RGB or gray."""

import importlib.util
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ConfigError, ImageReadError
from swinsr.image import on_white, read_image, to_depth, to_gray, to_rgb
from swinsr.image.resize.matlab import imresize
from swinsr.install import install_extra

Pixels = NDArray[np.uint8]


class Resize(Protocol):
    """`swinsr.image.resize.matlab.imresize`, or the same on another device."""

    def __call__(
        self, image: Pixels, *, scale: float | None = None, size: tuple[int, int] | None = None
    ) -> Pixels:
        """Bicubic, to `scale` times the size or to a size."""
        ...


SUFFIXES = (".png", ".webp", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
# The photographs that scikit-image's wheel holds (public domain or CC0; its docstrings say),
# under a name that stands for a folder.
BUNDLED = "scikit-image"
BUNDLED_FILES = ("astronaut.png", "coffee.png", "hubble_deep_field.jpg", "rocket.jpg", "ihc.png")
BUNDLED_TEST = "scikit-image-test"
BUNDLED_TEST_FILES = ("chelsea.png",)


@dataclass(frozen=True)
class Picture:
    """A name to tell in errors, and (height, width, channels) uint8 pixels."""

    name: str
    pixels: Pixels


@dataclass(frozen=True)
class Reading:
    """What a set of folders gave: the pictures in order of name, and the files left out."""

    pictures: tuple[Picture, ...]
    unreadable: tuple[str, ...]


@dataclass(frozen=True)
class Cutting:
    """Random square crops kept of each picture in place of the whole."""

    count: int
    side: int
    seed: int


def list_pictures(folder: str) -> list[Path]:
    """The folder's pictures by suffix, in order of name, without its sub-folders.

    Args:
        folder: a path, or `BUNDLED` or `BUNDLED_TEST`.

    Raises:
        ConfigError: no folder, or no picture in it.
    """
    bundled = {BUNDLED: BUNDLED_FILES, BUNDLED_TEST: BUNDLED_TEST_FILES}.get(folder)
    if bundled is not None:
        return [_bundled_folder() / name for name in bundled]
    path = Path(folder)
    if not path.is_dir():
        raise ConfigError(f"{folder}: there is no such folder of pictures")
    paths = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise ConfigError(f"{folder}: holds no pictures ({', '.join(SUFFIXES)})")
    return paths


def _bundled_folder() -> Path:
    found = importlib.util.find_spec("skimage")
    if found is None or found.origin is None:
        raise ConfigError(
            "data.train names the photographs of scikit-image, which is not installed; get it with "
            f"`{install_extra('train')}`, or name a folder of pictures"
        )
    return Path(found.origin).parent / "data"


def read_pixels(path: Path, channels: int) -> Pixels:
    """Read one picture, transparency laid on white.

    Args:
        path: any format `swinsr.image` reads.
        channels: 3 for RGB, 1 for gray (BT.601 luma of full range).

    Returns:
        (height, width, channels).

    Raises:
        ImageReadError: missing, truncated or no picture.
    """
    image = read_image(path)
    pixels = image.pixels if image.alpha is None else on_white(image.pixels, image.alpha)
    pixels = to_depth(to_rgb(pixels) if channels == 3 else to_gray(pixels), np.uint8)
    return np.ascontiguousarray(pixels)


def read_folders(
    folders: tuple[str, ...],
    channels: int,
    *,
    unreadable: str,
    cutting: Cutting | None = None,
    sizes: tuple[float, ...] = (1.0,),
    resize: Resize = imresize,
) -> Reading:
    """Read every picture of some folders.

    Args:
        folders: their paths.
        channels: see `read_pixels`.
        unreadable: "error", or "skip" to go on and list the file.
        cutting: keep random crops only.
        sizes: factors, 1 at most; each picture is taken in each (MATLAB's bicubic).
        resize: what makes them.

    Raises:
        ConfigError: a folder that is missing or empty, or no picture left.
        ImageReadError: an unreadable picture, unless they are skipped.
    """
    paths = [path for folder in folders for path in list_pictures(folder)]

    def read(number: int) -> list[Picture] | ImageReadError:
        try:
            pixels = read_pixels(paths[number], channels)
        except ImageReadError as error:
            return error
        taken = []
        for place, size in enumerate(sizes):
            picture = Picture(str(paths[number]), _resized(pixels, size, resize))
            numbers = (number, place) if place else (number,)
            taken += [picture] if cutting is None else _cut(picture, cutting, numbers)
        return taken

    results = _in_threads(read, len(paths))
    errors = [r for r in results if isinstance(r, ImageReadError)]
    if errors and unreadable == "error":
        raise ImageReadError(f"{errors[0]} Set data.unreadable to 'skip' to leave such files out")
    pictures = tuple(p for r in results if not isinstance(r, ImageReadError) for p in r)
    if not pictures:
        raise ConfigError(f"{', '.join(folders)}: no picture could be read")
    return Reading(pictures, tuple(str(e) for e in errors))


def _in_threads(
    read: Callable[[int], list[Picture] | ImageReadError], count: int
) -> list[list[Picture] | ImageReadError]:
    with ThreadPoolExecutor() as pool:
        return list(pool.map(read, range(count)))


def _resized(pixels: Pixels, size: float, resize: Resize) -> Pixels:
    if size == 1:
        return pixels
    height, width = (max(round(size * side), 1) for side in pixels.shape[:2])
    return resize(pixels, size=(height, width))


def _cut(picture: Picture, cutting: Cutting, numbers: tuple[int, ...]) -> list[Picture]:
    """Crops at places that depend on the seed and the picture's numbers alone."""
    rng = np.random.default_rng([cutting.seed, *numbers])
    height, width = (min(cutting.side, n) for n in picture.pixels.shape[:2])
    crops = []
    for _ in range(cutting.count):
        top = int(rng.integers(picture.pixels.shape[0] - height + 1))
        left = int(rng.integers(picture.pixels.shape[1] - width + 1))
        crop = picture.pixels[top : top + height, left : left + width].copy()
        crops.append(Picture(picture.name, crop))
    return crops
