"""The blocks of a GIF file, walked without decoding: size, frames and their timing.

Source: Graphics Interchange Format, version 89a (CompuServe, 1990); the looping extension is
Netscape's.
"""

import struct
from dataclasses import dataclass, replace

from swinsr.image.formats.faults import DamagedError

IMAGE, EXTENSION, TRAILER = 0x2C, 0x21, 0x3B
_CONTROL, _APPLICATION, _COMMENT, _PLAIN_TEXT = 0xF9, 0xFF, 0xFE, 0x01
_PROFILE, _XMP = b"ICCRGBG1012", b"XMP DataXMP"
_NO_CONTROL = bytes(4)  # stays, for no time, nothing transparent
_LOOPING = (b"NETSCAPE2.0", b"ANIMEXTS1.0")


@dataclass(frozen=True)
class GifPicture:
    """One frame.

    Attributes:
        start, end: where its image descriptor begins and its data ends.
        top, left, height, width: its place on the canvas.
        table: its own colours; empty for those of the file.
        delay: in hundredths of a second.
        after: what becomes of its place before the next frame; 0 and 1: it stays, 2: cleared,
            3: what was there before comes back.
        clear: the number of the transparent colour, or None.
    """

    start: int
    end: int
    top: int
    left: int
    height: int
    width: int
    table: bytes
    delay: int
    after: int
    clear: int | None


@dataclass(frozen=True)
class GifFile:
    """What the blocks say.

    Attributes:
        height, width: of the canvas that all frames fit on.
        loops: how often it runs, 0 for ever.
        table: the colours of frames without a table of their own, red, green, blue.
        pictures: its frames.
        comment: its comments, one a line.
        icc, xmp: what applications left in it.
        notes: on what is left out.
    """

    height: int
    width: int
    loops: int
    table: bytes
    pictures: tuple[GifPicture, ...]
    comment: bytes = b""
    icc: bytes | None = None
    xmp: bytes | None = None
    notes: tuple[str, ...] = ()

    @property
    def delays(self) -> tuple[int, ...]:
        """Of each frame, in hundredths of a second."""
        return tuple(picture.delay for picture in self.pictures)


def parse(data: bytes) -> GifFile:
    """Walk the blocks; what stands behind the last whole picture is not looked at.

    Raises:
        DamagedError: a block is cut short, of no kind, or has no pixels, or there is no picture.
    """
    if len(data) < 13:
        raise DamagedError("it ends within its header")
    width, height, packed = struct.unpack_from("<HHB", data, 6)
    position = 13 + _table_bytes(packed)
    table = data[13:position]
    pictures: list[GifPicture] = []
    loops, control = 1, _NO_CONTROL
    extensions: list[tuple[bytes, bytes, int]] = []
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
                control = parts[0]
            elif label == bytes([_APPLICATION]) and parts and parts[0] in _LOOPING:
                # What is stored are repetitions after the first run; 0 is for ever.
                more = struct.unpack("<H", parts[1][1:3])[0] if _loop_block(parts) else 0
                loops = more + 1 if more else 0
            else:
                extensions.append((label, parts[0] if parts else b"", position + 2))
            position = end
        elif kind == IMAGE:
            picture = _picture(data, position, control)
            width = max(width, picture.left + picture.width)
            height = max(height, picture.top + picture.height)
            pictures.append(picture)
            control, position = _NO_CONTROL, picture.end
        else:
            raise DamagedError(f"a block of kind {kind:#04x} is not defined")
    if not pictures:
        raise DamagedError("it holds no picture")
    file = GifFile(height, width, loops, table, tuple(pictures))
    return _with_extensions(file, data, extensions)


def _with_extensions(
    file: GifFile, data: bytes, extensions: list[tuple[bytes, bytes, int]]
) -> GifFile:
    """What further extensions say: label, first block, and where the blocks begin."""
    comments: list[bytes] = []
    icc = xmp = None
    others: dict[str, None] = {}
    for label, first, start in extensions:
        if label == bytes([_COMMENT]):
            comments.append(_content(data, start))
        elif label == bytes([_APPLICATION]) and first == _PROFILE:
            icc = _content(data, start)[len(first) :] or None
        elif label == bytes([_APPLICATION]) and first == _XMP:
            # Not in blocks: 258 bytes behind it lead readers of blocks to its end.
            begin = start + 1 + len(first)
            packet = data[begin : data.find(b"\x01\xff\xfe\xfd", begin)]
            xmp = packet if packet.lstrip().startswith(b"<") else None
        elif label == bytes([_PLAIN_TEXT]):
            others["a text that is drawn over it"] = None
        else:
            others[first[:11].decode("latin-1").strip() or "an unknown block"] = None
    notes: tuple[str, ...] = ()
    if others:
        named = ", ".join(name if name.isprintable() else "an unknown block" for name in others)
        notes = (f"left out, as it is of the old file: {named[:200]}",)
    return replace(file, comment=b"\n".join(comments), icc=icc, xmp=xmp, notes=notes)


def _content(data: bytes, position: int) -> bytes:
    """What stands in all sub-blocks."""
    parts = []
    while position < len(data) and data[position]:
        parts.append(data[position + 1 : position + 1 + data[position]])
        position += 1 + data[position]
    return b"".join(parts)


def _picture(data: bytes, position: int, control: bytes) -> GifPicture:
    if position + 11 > len(data):
        raise DamagedError("it ends within a picture")
    left, top, across, down, packed = struct.unpack_from("<HHHHB", data, position + 1)
    if not across or not down:
        raise DamagedError("a picture in it has no pixels")
    colours = position + 10 + _table_bytes(packed)
    parts, end = _sub_blocks(data, colours + 1)
    if not parts:
        raise DamagedError("a picture in it has no data")
    ways, delay, clear = struct.unpack("<BHB", control)
    return GifPicture(
        position, end, top, left, down, across, data[position + 10 : colours], delay,
        ways >> 2 & 7, clear if ways & 1 else None,
    )  # fmt: skip


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
