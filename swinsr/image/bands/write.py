"""Large files written in bands of rows, as they come; those of other formats whole, at the end.

The encoders are those of smaller pictures, so a large one looks the same and carries the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np

from swinsr.image.convert import to_depth, to_rgb
from swinsr.image.formats import exif
from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.fit import fit_to_format, on_white
from swinsr.image.formats.table import ALL
from swinsr.image.picture import Array, Image, Metadata
from swinsr.image.write import encode_image


@dataclass(frozen=True)
class Outline:
    """A picture but for its pixels.

    Attributes:
        height, width: in pixels.
        channels: 1 or 3; alpha is not counted.
        has_alpha: whether bands have one channel more.
        dtype: of the samples.
        metadata: what goes into the file.
    """

    height: int
    width: int
    channels: int
    has_alpha: bool
    dtype: np.dtype[Any]
    metadata: Metadata

    def image(self) -> Image:
        """An `Image` of this shape that takes no memory; all of it is black."""
        shape = (self.height, self.width)
        black: Array = np.zeros((), self.dtype)
        return Image(
            np.broadcast_to(black, (*shape, self.channels)),
            np.broadcast_to(black, shape) if self.has_alpha else None,
            self.metadata,
        )


def fit_outline(outline: Outline, format_name: str) -> tuple[Outline, tuple[str, ...]]:
    """What of a picture a format holds, and a sentence on each thing that is lost.

    Args:
        outline: of any picture.
        format_name: a name of `swinsr.image.formats.table.ALL`.
    """
    # One pixel stands for all: what is lost does not depend on them, but for the EXIF block's size.
    one, notes = fit_to_format(replace(outline, height=1, width=1).image(), format_name)
    metadata = one.metadata
    if metadata.exif is not None:
        try:
            block = exif.for_output(metadata.exif, outline.height, outline.width)
        except DamagedError:  # which was noted
            block = None
        metadata = replace(metadata, exif=block)
    fitted = Outline(
        outline.height,
        outline.width,
        one.channels,
        one.alpha is not None,
        one.pixels.dtype,
        metadata,
    )
    return fitted, notes


def encode_bands(
    stream: BinaryIO,
    outline: Outline,
    bands: Iterable[Array],
    format_name: str,
    *,
    quality: int,
    lossless: bool = False,
) -> tuple[str, ...]:
    """Write a picture to an open stream.

    Args:
        stream: writable, readable and seekable, at its start.
        outline: of the picture.
        bands: its rows, (n, width, channels + alpha) of the outline's type, from top to bottom.
        format_name: a name of `swinsr.image.formats.table.ALL`.
        quality: 1 to 100.
        lossless: for WebP.

    Returns:
        A sentence on each thing that was lost.
    """
    form = ALL[format_name]
    if not form.banded:
        whole = np.concatenate(list(bands))
        colours = whole[..., : outline.channels]
        image = Image(colours, whole[..., -1] if outline.has_alpha else None, outline.metadata)
        return encode_image(stream, image, format_name, quality=quality, lossless=lossless)
    fitted, notes = fit_outline(outline, format_name)
    ready = (_fit_band(band, outline, fitted) for band in bands)
    form.write_bands(stream, fitted.image(), ready, quality)
    return notes


def _fit_band(band: Array, before: Outline, after: Outline) -> Array:
    if before.has_alpha and not after.has_alpha:
        band = on_white(band[..., :-1], band[..., -1])
    if before.channels < after.channels:
        colours = to_rgb(band[..., :1])
        band = np.concatenate([colours, band[..., 1:]], axis=2)
    return to_depth(band, after.dtype)
