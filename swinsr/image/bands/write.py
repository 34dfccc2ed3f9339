"""Large files written in bands of rows, as they come; those of other formats whole, at the end.

The encoders are those of smaller pictures, so a large one looks the same and carries the same.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any, BinaryIO

import numpy as np

from swinsr.image.convert import to_depth, to_rgb
from swinsr.image.depth import to_unit
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
        low, high: black and white of float samples.
    """

    height: int
    width: int
    channels: int
    has_alpha: bool
    dtype: np.dtype[Any]
    metadata: Metadata
    low: float = 0.0
    high: float = 1.0

    def image(self, *, beyond: bool = False) -> Image:
        """An `Image` of this shape that takes no memory; all of it is black, or beyond black."""
        shape = (self.height, self.width)
        clear: Array = np.zeros((), self.dtype)
        black = clear
        if self.dtype.kind == "f":
            black = np.asarray(self.low - beyond * (self.high - self.low), self.dtype)
        return Image(
            np.broadcast_to(black, (*shape, self.channels)),
            np.broadcast_to(clear, shape) if self.has_alpha else None,
            self.metadata,
            low=self.low,
            high=self.high,
        )


def fit_outline(
    outline: Outline, format_name: str, *, beyond: bool = False
) -> tuple[Outline, tuple[str, ...]]:
    """What of a picture a format holds, and a sentence on each thing that is lost.

    Args:
        outline: of any picture.
        format_name: a name of `swinsr.image.formats.table.ALL`.
        beyond: whether samples lie beyond black or white.
    """
    # One pixel stands for all: what is lost does not depend on them, but for the EXIF block's size.
    pixel = replace(outline, height=1, width=1).image(beyond=beyond)
    one, notes = fit_to_format(pixel, format_name)
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
        one.low,
        one.high,
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
        image = Image(
            colours,
            whole[..., -1] if outline.has_alpha else None,
            outline.metadata,
            low=outline.low,
            high=outline.high,
        )
        return encode_image(stream, image, format_name, quality=quality, lossless=lossless)
    fitted, notes = fit_outline(outline, format_name)
    beyond = False

    def ready() -> Iterator[Array]:
        nonlocal beyond
        for band in bands:
            beyond = beyond or _is_clipped(band, outline, fitted)
            yield _fit_band(band, outline, fitted)

    form.write_bands(stream, fitted.image(), ready(), quality)
    return fit_outline(outline, format_name, beyond=True)[1] if beyond else notes


def _is_clipped(band: Array, before: Outline, after: Outline) -> bool:
    if before.dtype.kind != "f" or after.dtype == before.dtype:
        return False
    colours = band[..., : before.channels]
    return float(colours.min()) < before.low or float(colours.max()) > before.high


def _fit_band(band: Array, before: Outline, after: Outline) -> Array:
    colours, alpha = band[..., : before.channels], band[..., before.channels :]
    if before.has_alpha and not after.has_alpha:
        colours, alpha = on_white(colours, alpha[..., 0], before.high), alpha[..., :0]
    if before.channels < after.channels:
        colours = to_rgb(colours)
    if before.dtype.kind == "f" and after.dtype != before.dtype:
        colours = to_unit(colours, before.low, before.high)
    return to_depth(np.concatenate([colours, alpha], axis=2), after.dtype)
