"""Large TIFF files: what they say beside their pixels, and how they are written in bands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import BinaryIO

import numpy as np
import tifffile

from swinsr.image.formats.form import Described
from swinsr.image.formats.regroup import regroup
from swinsr.image.formats.tiff.layout import BLACK_IS_ZERO, RGB, describe_file
from swinsr.image.formats.tiff.write import (
    CLASSIC_LIMIT,
    add_metadata,
    byte_order,
    layout_options,
)
from swinsr.image.picture import Array, Image

_COMPRESSIONS = (1, 5, 8, 32773, 32946)
_TILE = 256


def outline(stream: BinaryIO) -> Described | None:
    """Gray or RGB of 8 or 16 bits, one page, alpha not premultiplied, no lossy compression."""
    layout = describe_file(stream)
    plain = layout.photometric in (BLACK_IS_ZERO, RGB) and layout.bits in (8, 16)
    alpha = layout.alpha in (None, 2)
    colours = 3 if layout.photometric == RGB else 1
    if not (plain and alpha and layout.contiguous and layout.orientation_at is None):
        return None
    if layout.samples != colours + (layout.alpha is not None) or layout.alpha_at != colours:
        return None
    if layout.main.following or layout.compression not in _COMPRESSIONS:
        return None
    return layout.metadata, layout.notes


def encode_tiff_bands(stream: BinaryIO, image: Image, bands: Iterable[Array]) -> None:
    """Write one page in square tiles.

    Args:
        stream: empty, writable, readable and seekable.
        image: of the right shape, type and metadata; its pixels are not looked at.
        bands: rows (n, width, channels + alpha), from top to bottom.
    """
    samples = image.channels + (image.alpha is not None)
    size = image.height * image.width * samples * image.pixels.itemsize
    with tifffile.TiffWriter(
        stream, bigtiff=size > CLASSIC_LIMIT, byteorder=byte_order(image.metadata)
    ) as writer:
        writer.write(
            _tiles(bands),
            shape=image.pixels.shape[:2] if samples == 1 else (*image.pixels.shape[:2], samples),
            dtype=image.pixels.dtype,
            tile=(_TILE, _TILE),
            **layout_options(image),
        )
    add_metadata(stream, [image.metadata])


def _tiles(bands: Iterable[Array]) -> Iterator[Array]:
    """Square tiles in rows; those at the edges filled up with the pixels next to them."""
    side = _TILE
    for band in regroup(bands, side):
        across = math.ceil(band.shape[1] / side) * side
        gaps = ((0, side - len(band)), (0, across - band.shape[1]), (0, 0))
        full = np.pad(band, gaps, mode="edge")
        for left in range(0, across, side):
            tile = np.ascontiguousarray(full[:, left : left + side])
            yield tile[..., 0] if tile.shape[2] == 1 else tile
