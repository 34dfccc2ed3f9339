"""Samples of 1 to 16 bits in any number, which no decoder here knows as pixels.

The file is shown to Pillow's libtiff as a gray picture of 8 bits whose pixels are the rows' bytes:
so compressions are its, and taking samples out of the bytes is ours.
"""

import io
import struct

import numpy as np
from PIL import TiffImagePlugin

from swinsr.image.formats.faults import DamagedError, foreign_decoder
from swinsr.image.formats.ifd import LONG, SHORT, Directory, IfdEntry, IfdLayout, dump_directory
from swinsr.image.formats.quiet import quiet_pillow
from swinsr.image.formats.tiff.layout import DEFLATE, TiffLayout
from swinsr.image.picture import Array

COMPRESSIONS = (1, 5, 32773, *DEFLATE)
_WIDTH, _TILE_WIDTH = 256, 322
_AS_GRAY = {258: 8, 262: 1, 277: 1, 317: 1}  # bits, photometric, samples, predictor
_DROPPED = (274, 320, 338, 339)  # orientation, palette, what extra samples and numbers are
_CHUNK = 1 << 22  # samples that are unpacked at a time


def unpack_samples(data: bytes, layout: TiffLayout) -> Array:
    """Samples (H, W, N) as stored, uint8 or uint16; those of other widths made as wide as these.

    Args:
        data: the file.
        layout: contiguous integer samples in one of `COMPRESSIONS`; predictor 1, or 2 for 8 and
            16 bits.
    """
    tiles = layout.main.numbers(_TILE_WIDTH, layout.order)
    columns = tiles[0] if tiles else layout.width
    across = -(-layout.width // columns)
    row_bytes = -(-columns * layout.samples * layout.bits // 8)
    rows = _bytes(data, layout, row_bytes, across, tiled=bool(tiles))
    parts = [
        _samples(rows[:, i * row_bytes : (i + 1) * row_bytes], layout, columns)
        for i in range(across)
    ]
    return np.concatenate(parts, axis=1)[:, : layout.width]


def _bytes(data: bytes, layout: TiffLayout, row_bytes: int, across: int, *, tiled: bool) -> Array:
    """The rows' bytes, (H, across * row_bytes)."""
    file = IfdLayout.of(io.BytesIO(data))
    entries = {tag: e for tag, e in layout.main.entries.items() if tag not in _DROPPED}
    given = {**_AS_GRAY, _WIDTH: row_bytes * across}
    if tiled:
        given[_TILE_WIDTH] = row_bytes
    for tag, value in given.items():
        kind, code = (SHORT, "H") if tag in _AS_GRAY else (LONG, "I")
        entries[tag] = IfdEntry(tag, kind, 1, struct.pack(file.order + code, value))
    end = len(data) + len(data) % 2
    code, at = ("Q", 8) if file.big else ("I", 4)
    edited = bytearray(data.ljust(end, b"\0") + dump_directory(Directory(entries), file, end))
    struct.pack_into(file.order + code, edited, at, end)
    with (
        foreign_decoder(),
        quiet_pillow(layout.height * row_bytes * across),
        TiffImagePlugin.TiffImageFile(io.BytesIO(edited)) as picture,
    ):
        picture.load()
        found: Array = np.asarray(picture)
    if found.shape != (layout.height, row_bytes * across) or found.dtype != np.uint8:
        raise DamagedError("the pixel data cannot be decoded")
    return found


def _samples(rows: Array, layout: TiffLayout, columns: int) -> Array:
    """(H, bytes) as (H, columns, N)."""
    shape = (len(rows), columns, layout.samples)
    if layout.bits in (8, 16):
        wide = np.dtype(f"{layout.order}u{layout.bits // 8}")
        values: Array = np.ascontiguousarray(rows).view(wide).reshape(shape)
        values = values.astype(wide.newbyteorder("="))
        if layout.predictor == 2:
            values = np.cumsum(values, axis=1, dtype=values.dtype)
        return values
    count, bits = columns * layout.samples, layout.bits
    most = 255 if bits < 8 else 65535
    out = np.empty((len(rows), count), np.uint8 if bits < 8 else np.uint16)
    weights = 1 << np.arange(bits - 1, -1, -1)
    white = (1 << bits) - 1
    step = max(_CHUNK // count, 1)
    for top in range(0, len(rows), step):
        single = np.unpackbits(rows[top : top + step], axis=1)[:, : count * bits]
        values = single.reshape(-1, count, bits) @ weights
        out[top : top + step] = (values * most + white // 2) // white
    return out.reshape(shape)
