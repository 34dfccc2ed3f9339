"""The input of a large job: opened in bands where that can be, and copied upright to the disk."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from swinsr.errors import ImageReadError
from swinsr.files.tiled.channels import alpha_range
from swinsr.image import read_image
from swinsr.image.bands import Outline, open_bands
from swinsr.image.picture import Array
from swinsr.storage.digest import sha256_of
from swinsr.tiling import RawFile, WorkFolder

# Smaller inputs are read at once: that takes less than what libvips does.
WHOLE_PIXELS = 4_000_000


@dataclass(frozen=True)
class Input:
    """A picture to be read once, from top to bottom.

    Attributes:
        outline: its shape, type and metadata.
        notes: what reading could not keep.
        banded: whether it is decoded as it is asked for, and not in memory.
        bands: its rows, (n, width, channels + alpha).
    """

    outline: Outline
    notes: tuple[str, ...]
    banded: bool
    bands: Callable[[], Iterator[Array]]


def open_input(path: Path, pixels: int, max_pixels: int | None) -> Input:
    """Open a picture file; of many pixels in bands, where its kind allows it.

    Raises:
        ImageReadError: no such file, not a picture, or damaged.
        ImageTooLargeError: more than `max_pixels` pixels.
    """
    banded = open_bands(path, max_pixels=max_pixels) if pixels > WHOLE_PIXELS else None
    if banded is not None:
        outline = Outline(
            banded.height,
            banded.width,
            banded.channels,
            banded.has_alpha,
            banded.dtype,
            banded.metadata,
        )
        return Input(outline, banded.notes, True, banded.bands)
    image = read_image(path, max_pixels=max_pixels)
    held: list[Array] = [image.pixels]
    if image.alpha is not None:
        held = [np.concatenate([image.pixels, image.alpha[..., None]], axis=2)]
    outline = Outline(
        image.height,
        image.width,
        image.channels,
        image.alpha is not None,
        image.pixels.dtype,
        image.metadata,
        image.low,
        image.high,
    )

    def once() -> Iterator[Array]:
        yield held.pop()  # not kept beyond its use

    return Input(outline, image.notes, False, once)


def digest(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        ImageReadError: it cannot be read.
    """
    try:
        return sha256_of(path)
    except OSError as error:
        raise ImageReadError(
            f"{path}: it cannot be read ({error.strerror}); check the file and the disk"
        ) from error


def spool(work: WorkFolder, given: Input, raw: RawFile) -> bool:
    """Copy the input into the work folder, unless an earlier run did.

    Returns:
        Whether its alpha varies; False where it has none.

    Raises:
        ImageReadError: it is damaged.
        OSError: the disk is full.
    """
    outline = given.outline
    found = work.find("source")
    if found is not None and raw.checksum(0, outline.height) == found["check"]:
        return bool(found["varies"])
    top, check, low, high = 0, 0, 1.0, 0.0
    for band in given.bands():
        raw.write(top, band)
        check = zlib.crc32(np.ascontiguousarray(band).data, check)
        top += len(band)
        if outline.has_alpha:
            least, most = alpha_range(band)
            low, high = min(low, least), max(high, most)
    raw.sync()
    work.ledger.add(kind="source", check=check, varies=low < high)
    return low < high
