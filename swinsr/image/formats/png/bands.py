"""Large PNG files: what they say beside their pixels, and how they are written in bands."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import BinaryIO

from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.form import Described
from swinsr.image.formats.png import chunks as png
from swinsr.image.formats.png.write import begin, compressed_rows
from swinsr.image.picture import Array, Image

_LONGEST_CHUNK = 1 << 26  # of those that are kept: profiles, texts


def encode_png_bands(stream: BinaryIO, image: Image, bands: Iterable[Array]) -> None:
    """Write 8 or 16-bit gray or RGB, with or without alpha.

    Args:
        stream: writable.
        image: of the right shape, type and metadata; its pixels are not looked at.
        bands: rows (n, width, channels + alpha), from top to bottom.
    """
    begin(stream, image)
    for packed in compressed_rows(bands):
        stream.write(png.chunk(b"IDAT", packed))
    stream.write(png.chunk(b"IEND", b""))


def outline(stream: BinaryIO) -> Described | None:
    """Gray or RGB of 8 or 16 bits, with or without alpha, in plain order of rows."""
    kept = [png.SIGNATURE]
    head = b""
    size = stream.seek(0, 2)
    stream.seek(len(png.SIGNATURE))
    while True:
        at, start = stream.tell(), stream.read(8)
        if at == size:
            return None  # without its end: reading it as a whole tells what is there
        if len(start) < 8:
            raise DamagedError("it ends before its last chunk")
        length, kind = struct.unpack(">I4s", start)
        if kind == b"IDAT" or length > _LONGEST_CHUNK:
            stream.seek(length + 4, 1)
            continue
        body = stream.read(length)
        check = stream.read(4)
        if kind == b"IHDR":
            head = body
            # A picture of one pixel, so that the rest can be taken apart as that of a whole file.
            kept.append(png.chunk(kind, struct.pack(">II", 1, 1) + body[8:]))
            kept.append(png.chunk(b"IDAT", zlib.compress(bytes(9))))
        else:
            kept.append(start + body + check)
        if kind == b"IEND":
            break
    file = png.parse(b"".join(kept))
    plain = file.depth >= 8 and file.colour_type != png.PALETTE and file.key is None
    if not plain or file.interlaced or file.frames > 1 or len(head) != 13:
        return None
    return file.metadata, file.notes
