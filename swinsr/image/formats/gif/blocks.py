"""The blocks of a GIF file, walked without decoding: size, frames and their timing.

Source: Graphics Interchange Format, version 89a (CompuServe, 1990); the looping extension is
Netscape's.
"""

import struct
from dataclasses import dataclass

from swinsr.image.formats.faults import DamagedError

IMAGE, EXTENSION, TRAILER = 0x2C, 0x21, 0x3B
_CONTROL, _APPLICATION = 0xF9, 0xFF
_LOOPING = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


@dataclass(frozen=True)
class GifFile:
    """What the blocks say.

    Attributes:
        height, width: of the canvas that all frames fit on.
        delays: of each frame, in hundredths of a second.
        loops: how often it runs, 0 for ever.
        pictures: where each frame's image descriptor begins and its data ends.
    """

    height: int
    width: int
    delays: tuple[int, ...]
    loops: int
    pictures: tuple[tuple[int, int], ...]


def parse(data: bytes) -> GifFile:
    """Walk the blocks; what stands behind the last whole picture is not looked at.

    Raises:
        DamagedError: a block is cut short, of no kind, or has no pixels, or there is no picture.
    """
    if len(data) < 13:
        raise DamagedError("it ends within its header")
    width, height, packed = struct.unpack_from("<HHB", data, 6)
    position = 13 + _table_bytes(packed)
    delays: list[int] = []
    pictures: list[tuple[int, int]] = []
    loops, delay = 1, 0
    while True:
        if position >= len(data):
            if not pictures:
                raise DamagedError("it ends before its first picture")
            break  # without the trailer, but whole up to here; viewers take it
        kind = data[position]
        if kind == TRAILER:
            break
        if kind == EXTENSION:
            label = data[position + 1 : position + 2]
            parts, end = _sub_blocks(data, position + 2)
            if label == bytes([_CONTROL]) and parts and len(parts[0]) == 4:
                delay = struct.unpack_from("<H", parts[0], 1)[0]
            elif label == bytes([_APPLICATION]) and parts and parts[0] in _LOOPING:
                # What is stored are repetitions after the first run; 0 is for ever.
                more = struct.unpack("<H", parts[1][1:3])[0] if _loop_block(parts) else 0
                loops = more + 1 if more else 0
            position = end
        elif kind == IMAGE:
            end = _picture_end(data, position)
            left, top, across, down = struct.unpack_from("<HHHH", data, position + 1)
            width, height = max(width, left + across), max(height, top + down)
            pictures.append((position, end))
            delays.append(delay)
            delay, position = 0, end
        else:
            raise DamagedError(f"a block of kind {kind:#04x} is not defined")
    if not pictures:
        raise DamagedError("it holds no picture")
    return GifFile(height, width, tuple(delays), loops, tuple(pictures))


def _picture_end(data: bytes, position: int) -> int:
    if position + 11 > len(data):
        raise DamagedError("it ends within a picture")
    across, down, packed = struct.unpack_from("<HHB", data, position + 5)
    if not across or not down:
        raise DamagedError("a picture in it has no pixels")
    parts, end = _sub_blocks(data, position + 10 + _table_bytes(packed) + 1)
    if not parts:
        raise DamagedError("a picture in it has no data")
    return end


def _loop_block(parts: list[bytes]) -> bool:
    return len(parts) > 1 and len(parts[1]) == 3 and parts[1][0] == 1


def _table_bytes(packed: int) -> int:
    """Size of a colour table, from the byte that announces it."""
    return 3 << ((packed & 7) + 1) if packed & 0x80 else 0


def _sub_blocks(data: bytes, position: int) -> tuple[list[bytes], int]:
    """The first few sub-blocks, and the position behind the last."""
    parts: list[bytes] = []
    while position < len(data):
        length = data[position]
        if not length:
            return parts, position + 1
        if position + 1 + length > len(data):
            break
        if len(parts) < 2:
            parts.append(data[position + 1 : position + 1 + length])
        position += 1 + length
    raise DamagedError("it ends within a block")
