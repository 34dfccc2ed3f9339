"""Folders of pictures, read whole into memory as 8-bit RGB or gray."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from swinsr.errors import ConfigError, ImageReadError

Pixels = NDArray[np.uint8]
SUFFIXES = (".png", ".webp", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".ppm")


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


def list_pictures(folder: Path) -> list[Path]:
    """The folder's pictures by suffix, in order of name, without its sub-folders.

    Raises:
        ConfigError: no folder, or no picture in it.
    """
    if not folder.is_dir():
        raise ConfigError(f"{folder}: there is no such folder of pictures.")
    paths = sorted(p for p in folder.iterdir() if p.suffix.lower() in SUFFIXES)
    if not paths:
        raise ConfigError(f"{folder}: holds no pictures ({', '.join(SUFFIXES)}).")
    return paths


def read_pixels(path: Path, channels: int) -> Pixels:
    """Read one picture.

    Args:
        path: any format Pillow decodes.
        channels: 3 for RGB, 1 for gray (BT.601 luma of full range).

    Returns:
        (height, width, channels).

    Raises:
        ImageReadError: missing, truncated or no picture.
    """
    try:
        with Image.open(path) as image:
            converted: Any = np.array(image.convert("RGB" if channels == 3 else "L"))
    except (OSError, UnidentifiedImageError, SyntaxError, ValueError) as error:
        raise ImageReadError(f"{path}: cannot be read as a picture ({error}).") from error
    return np.ascontiguousarray(converted.reshape(*converted.shape[:2], channels))


def read_folders(folders: tuple[str, ...], channels: int, *, unreadable: str) -> Reading:
    """Read every picture of some folders.

    Args:
        folders: their paths.
        channels: see `read_pixels`.
        unreadable: "error", or "skip" to go on and list the file.

    Raises:
        ConfigError: a folder that is missing or empty, or no picture left.
        ImageReadError: an unreadable picture, unless they are skipped.
    """
    paths = [path for folder in folders for path in list_pictures(Path(folder))]

    def read(path: Path) -> Picture | ImageReadError:
        try:
            return Picture(str(path), read_pixels(path, channels))
        except ImageReadError as error:
            return error

    with ThreadPoolExecutor() as pool:
        results = list(pool.map(read, paths))
    errors = [r for r in results if isinstance(r, ImageReadError)]
    if errors and unreadable == "error":
        raise ImageReadError(f"{errors[0]} Set data.unreadable to 'skip' to leave such files out.")
    pictures = tuple(r for r in results if isinstance(r, Picture))
    if not pictures:
        raise ConfigError(f"{', '.join(folders)}: no picture could be read.")
    return Reading(pictures, tuple(str(e) for e in errors))
