"""Format and size of a picture from the first bytes of its file, before anything is decoded."""

import struct
from dataclasses import dataclass
from typing import BinaryIO

from swinsr.image.formats.faults import DamagedError, UnsupportedError
from swinsr.image.formats.gif import blocks as gif
from swinsr.image.formats.heif import boxes as isobmff
from swinsr.image.formats.ifd import Layout, read_directory

_SKIPPABLE = 65536  # bytes of rubbish allowed between JPEG segments


@dataclass(frozen=True)
class Header:
    """What a file says of itself."""

    format: str  # a name of `swinsr.image.formats.table.ALL`
    height: int  # as stored, before any EXIF orientation
    width: int


def read_header(stream: BinaryIO) -> Header:
    """Recognise a picture by its content, never by its name.

    Args:
        stream: seekable.

    Raises:
        UnsupportedError: none of the formats that are read.
        DamagedError: one of them, with a header that is cut short or impossible.
    """
    stream.seek(0)
    head = stream.read(64)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        found = _png(head)
    elif head.startswith(b"\xff\xd8\xff"):
        found = _jpeg(stream)
    elif head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        found = _webp(head)
    elif head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        found = _tiff(stream)
    elif head.startswith(b"BM"):
        found = _bmp(head)
    elif head[:6] in (b"GIF87a", b"GIF89a"):
        file = gif.parse(_all(stream))
        found = Header("GIF", file.height, file.width)
    elif (kind := isobmff.kind_of(head)) is not None:
        found = Header(kind, *isobmff.size_of(_all(stream)))
    else:
        raise UnsupportedError(
            f"not a PNG, JPEG, WebP, TIFF, GIF or BMP picture but {_kind(head)}; "
            "convert it to one of them"
        )
    if found.height <= 0 or found.width <= 0:
        raise DamagedError(f"its header claims {found.width} x {found.height} pixels")
    return found


def _all(stream: BinaryIO) -> bytes:
    stream.seek(0)
    return stream.read()


def _kind(head: bytes) -> str:
    for start, name in ((b"%PDF", "a PDF"), (b"PK\3\4", "a ZIP archive")):
        if head.startswith(start):
            return name
    if head[4:8] == b"ftyp":
        return "a film or another kind of MPEG-4 file"
    if head.lstrip()[:1] == b"<":
        return "an HTML or XML text"
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    return "text" if head and printable == len(head) else "an unknown kind of data"


def _unpack(code: str, data: bytes, offset: int = 0) -> tuple[int, ...]:
    if offset + struct.calcsize(code) > len(data):
        raise DamagedError("it ends within its header")
    return struct.unpack_from(code, data, offset)


def _png(head: bytes) -> Header:
    if head[12:16] != b"IHDR":
        raise DamagedError("its first chunk is not IHDR")
    width, height = _unpack(">II", head, 16)
    return Header("PNG", height, width)


def _bmp(head: bytes) -> Header:
    (size,) = _unpack("<I", head, 14)
    width, height = _unpack("<HH" if size == 12 else "<ii", head, 18)
    return Header("BMP", abs(height), width)  # a negative height means top row first


def _webp(head: bytes) -> Header:
    kind = head[12:16]
    if kind == b"VP8X":
        raw = _unpack("<6B", head, 24)
        return Header(
            "WebP",
            1 + raw[3] + (raw[4] << 8) + (raw[5] << 16),
            1 + raw[0] + (raw[1] << 8) + (raw[2] << 16),
        )
    if kind == b"VP8L":
        (bits,) = _unpack("<I", head, 21)
        return Header("WebP", 1 + (bits >> 14 & 0x3FFF), 1 + (bits & 0x3FFF))
    if kind == b"VP8 ":
        width, height = _unpack("<HH", head, 26)
        return Header("WebP", height & 0x3FFF, width & 0x3FFF)
    raise DamagedError("it holds no WebP picture")


def _jpeg(stream: BinaryIO) -> Header:
    stream.seek(2)
    skipped = 0
    while skipped < _SKIPPABLE:
        byte = stream.read(1)
        if byte == b"\xff":
            while byte == b"\xff":  # any number of fill bytes may precede a marker
                byte = stream.read(1)
                skipped += 1
        elif byte:
            skipped += 1
            continue
        if not byte:
            break
        marker = byte[0]
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            continue  # stand-alone markers, without a length
        if marker in (0xD9, 0xDA):
            raise DamagedError("its picture data begins before any size was given")
        head = stream.read(7)
        (length,) = _unpack(">H", head)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = _unpack(">HH", head, 3)
            return Header("JPEG", height, width)
        stream.seek(max(length, 2) - len(head), 1)
        skipped = 0
    raise DamagedError("it ends within its header")


def _tiff(stream: BinaryIO) -> Header:
    layout = Layout.of(stream)
    directory = read_directory(stream, layout, layout.first)
    width, height = directory.numbers(256, layout.order), directory.numbers(257, layout.order)
    if len(width) != 1 or len(height) != 1:
        raise DamagedError("its first directory gives no size")
    return Header("TIFF", height[0], width[0])
