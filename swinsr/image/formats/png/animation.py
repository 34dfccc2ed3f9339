"""The frames of an animated PNG: their chunks, checked and timed.

Source: PNG specification, third edition (W3C, 2025), sections 4.9 and 11.3.6.
"""

import struct
import zlib
from dataclasses import dataclass
from fractions import Fraction

from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.png.chunks import SIGNATURE

_CONTROL = ">IIIIIHHBB"  # sequence, width, height, left, top, delay, delay's divisor, ways


@dataclass(frozen=True)
class Animation:
    """What the chunks say.

    Attributes:
        delays: of each frame, in seconds.
        loops: how often it runs, 0 for ever.
        still_first: the picture for programs that know no animations is none of its frames.
    """

    delays: tuple[Fraction, ...]
    loops: int
    still_first: bool


def parse(data: bytes) -> Animation:
    """Read the animation's chunks from a file that is sound otherwise.

    Raises:
        DamagedError: frames are missing, damaged or larger than the picture.
    """
    position, loops, stated = len(SIGNATURE), 0, 0
    width = height = 0
    delays: list[Fraction] = []
    pixels_seen = still_first = False
    while position + 12 <= len(data):
        (length,) = struct.unpack_from(">I", data, position)
        kind = data[position + 4 : position + 8]
        body = memoryview(data)[position + 8 : position + 8 + length]
        position += 12 + length
        if kind in (b"acTL", b"fcTL", b"fdAT"):
            (check,) = struct.unpack_from(">I", data, position - 4)
            if zlib.crc32(body, zlib.crc32(kind)) != check:
                raise DamagedError(f"the checksum of chunk {kind!r} is wrong")
        if kind == b"IHDR":
            width, height = struct.unpack_from(">II", body)
        elif kind == b"acTL" and length == 8:
            stated, loops = struct.unpack(">II", body)
        elif kind == b"IDAT":
            still_first = still_first or not (delays or pixels_seen)
            pixels_seen = True
        elif kind == b"fcTL":
            if length != struct.calcsize(_CONTROL):
                raise DamagedError("a frame's control chunk is damaged")
            _, across, down, left, top, delay, divisor, _, _ = struct.unpack(_CONTROL, body)
            if not across or not down or left + across > width or top + down > height:
                raise DamagedError("a frame lies outside the picture")
            delays.append(Fraction(delay, divisor or 100))
    if len(delays) != stated:
        raise DamagedError(f"it claims {stated} frames and holds {len(delays)}")
    return Animation(tuple(delays), loops, still_first)
