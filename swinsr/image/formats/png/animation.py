"""The frames of an animated PNG: their chunks, checked and timed, decoded as stills are.

Source: PNG specification, third edition (W3C, 2025), sections 4.9 and 11.3.6.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from fractions import Fraction

from swinsr.image.formats.compose import KEEP, FrameRectangle, composed
from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.form import Contents, Header
from swinsr.image.formats.png import chunks as png
from swinsr.image.formats.png.read import decode_file
from swinsr.image.picture import Image

_CONTROL = ">IIIIIHHBB"  # sequence, width, height, left, top, delay, delay's divisor, ways


@dataclass(frozen=True)
class FrameChunks:
    """What the chunks say of one frame: its rectangle, ways, time and pixel data."""

    height: int
    width: int
    top: int
    left: int
    seconds: Fraction
    after: int
    over: bool
    data: list[memoryview] = field(default_factory=list)


def contents(data: bytes) -> Contents:
    """How many frames there are, and their times.

    Raises:
        DamagedError: frames are missing, damaged or larger than the picture.
    """
    file = png.parse(data)
    if file.frames <= 1:
        return Contents()
    frames, loops = _parse(data)
    found = Contents.animated(tuple(frame.seconds for frame in frames), loops, file.channels)
    return replace(found, notes=file.notes if found.kind else ())


def decode_frames(data: bytes, header: Header) -> Iterator[Image]:
    """Decode every frame as it is seen, on the whole canvas, with alpha."""
    file = png.parse(data)
    frames, _ = _parse(data)

    def parts() -> Iterator[FrameRectangle]:
        for frame in frames:
            one = replace(file, height=frame.height, width=frame.width, data=tuple(frame.data))
            yield FrameRectangle(decode_file(one), frame.top, frame.left, frame.after, frame.over)

    return composed(parts(), header.height, header.width, file.channels, file.metadata)


def _parse(data: bytes) -> tuple[list[FrameChunks], int]:
    """The frames of a file that is sound otherwise, and how often they run."""
    position, loops, stated = len(png.SIGNATURE), 0, 0
    width = height = 0
    frames: list[FrameChunks] = []
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
        elif kind == b"IDAT" and frames:  # before the first frame it is a still of its own
            frames[0].data.append(body)
        elif kind == b"fdAT" and frames and length > 4:
            frames[-1].data.append(body[4:])
        elif kind == b"fcTL":
            frames.append(_controlled(body, height, width))
    if len(frames) != stated:
        raise DamagedError(f"it claims {stated} frames and holds {len(frames)}")
    return frames, loops


def _controlled(body: memoryview, height: int, width: int) -> FrameChunks:
    if len(body) != struct.calcsize(_CONTROL):
        raise DamagedError("a frame's control chunk is damaged")
    _, across, down, left, top, delay, divisor, after, blend = struct.unpack(_CONTROL, body)
    if not across or not down or left + across > width or top + down > height:
        raise DamagedError("a frame lies outside the picture")
    # What is not defined counts as the plain way.
    after = after if after <= 2 else KEEP
    return FrameChunks(down, across, top, left, Fraction(delay, divisor or 100), after, blend == 1)
