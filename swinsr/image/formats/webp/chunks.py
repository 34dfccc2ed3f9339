"""The chunks of a WebP file: its size, and what times its frames.

Source: RFC 9649, sections 2.5 to 2.7.1.2.
"""

import struct
from collections.abc import Iterator
from fractions import Fraction

from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.packing import unpack

_KNOWN = {
    b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ANIM", b"ANMF", b"ICCP", b"EXIF", b"XMP ",
}  # fmt: skip


def size_of(head: bytes) -> tuple[int, int]:
    """Height and width, from the file's first bytes.

    Raises:
        DamagedError: they are cut short or of no picture.
    """
    kind = head[12:16]
    if kind == b"VP8X":
        raw = unpack("<6B", head, 24)
        height, width = (raw[i] + (raw[i + 1] << 8) + (raw[i + 2] << 16) for i in (3, 0))
        return height + 1, width + 1
    if kind == b"VP8L":
        (bits,) = unpack("<I", head, 21)
        return 1 + (bits >> 14 & 0x3FFF), 1 + (bits & 0x3FFF)
    if kind == b"VP8 ":
        width, height = unpack("<HH", head, 26)
        return height & 0x3FFF, width & 0x3FFF
    raise DamagedError("it holds no WebP picture")


def animation_of(data: bytes) -> tuple[tuple[Fraction, ...], int]:
    """Seconds that each frame is shown, and how often all run (0 for ever); ((), 0) for a still.

    Raises:
        DamagedError: it ends within a chunk.
    """
    delays: list[Fraction] = []
    loops = 0
    for kind, position, length in _chunks(data):
        if kind == b"ANIM" and length >= 6:
            (loops,) = struct.unpack_from("<H", data, position + 4)
        elif kind == b"ANMF" and length >= 16:
            raw = data[position + 12 : position + 15]
            delays.append(Fraction(int.from_bytes(raw, "little"), 1000))
    return tuple(delays), loops


def unknown_chunks(data: bytes) -> tuple[str, ...]:
    """A sentence on chunks that are neither the picture's nor carried on, or none.

    Raises:
        DamagedError: it ends within a chunk.
    """
    others = dict.fromkeys(kind for kind, _, _ in _chunks(data) if kind not in _KNOWN)
    if not others:
        return ()
    named = ", ".join(kind.decode("latin-1").strip() for kind in list(others)[:6])
    return (f"its chunks {named} were left out, as they are of the old file",)


def picture_chunks(data: bytes) -> bytes:
    """Of a file with one picture, the chunks that hold it: alpha where there is some, and colour.

    Raises:
        DamagedError: it ends within a chunk.
    """
    wanted = (b"ALPH", b"VP8 ", b"VP8L")
    return b"".join(
        data[position - 8 : position + length + length % 2]
        for kind, position, length in _chunks(data)
        if kind in wanted
    )


def _chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Kind, position of the content, and its length."""
    position = 12
    end = min(len(data), 8 + struct.unpack_from("<I", data, 4)[0])
    while position + 8 <= end:
        kind = data[position : position + 4]
        (length,) = struct.unpack_from("<I", data, position + 4)
        if position + 8 + length > len(data):
            raise DamagedError("it ends within a chunk")
        yield kind, position + 8, length
        position += 8 + length + length % 2
