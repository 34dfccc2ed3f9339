"""The chunks of a PNG file: taken apart, checked, and put together.

Source: PNG specification, third edition (W3C, 2025), sections 5 and 11.
"""

import struct
import zlib
from dataclasses import dataclass

from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.png.described import described
from swinsr.image.picture import Metadata

SIGNATURE = b"\x89PNG\r\n\x1a\n"
GRAY, RGB, PALETTE, GRAY_ALPHA, RGB_ALPHA = 0, 2, 3, 4, 6
SAMPLES = {GRAY: 1, RGB: 3, PALETTE: 1, GRAY_ALPHA: 2, RGB_ALPHA: 4}
_DEPTHS = {GRAY: (1, 2, 4, 8, 16), PALETTE: (1, 2, 4, 8)}
_DEFLATE_RATIO = 1032  # no deflate stream expands further: 258 bytes from 2 bits
# First row, first column, row step, column step of the seven passes of Adam7 (section 8.2).
_ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2),
          (1, 0, 2, 1))  # fmt: skip


@dataclass(frozen=True)
class PngFile:
    """A PNG file, its chunk structure and checksums found sound."""

    height: int
    width: int
    depth: int  # bits per sample
    colour_type: int
    interlaced: bool
    palette: bytes | None
    key: bytes | None  # tRNS
    data: tuple[memoryview, ...]  # IDAT
    metadata: Metadata
    frames: int  # of an animation; 1 for a still
    notes: tuple[str, ...] = ()  # on what is left out

    @property
    def channels(self) -> int:
        """1 for gray, 3 for colour."""
        return 1 if self.colour_type in (GRAY, GRAY_ALPHA) else 3

    def essential(self) -> bytes:
        """The same picture with nothing but what its pixels need, for a decoder.

        Texts and profiles cannot trip the decoder then, and a gray or RGB transparency key is left
        to us: decoders disagree on its scale.
        """
        head = struct.pack(
            ">IIBBBBB", self.width, self.height, self.depth, self.colour_type, 0, 0, self.interlaced
        )
        parts = [SIGNATURE, chunk(b"IHDR", head)]
        if self.palette is not None:
            parts.append(chunk(b"PLTE", self.palette))
        if self.key is not None and self.colour_type == PALETTE:
            parts.append(chunk(b"tRNS", self.key))
        parts += [chunk(b"IDAT", data) for data in self.data]
        return b"".join([*parts, chunk(b"IEND", b"")])

    def check_pixel_data(self) -> None:
        """Inflate the pixel data without keeping it.

        Raises:
            DamagedError: it is damaged or has fewer bytes than the picture needs.
        """
        stream = zlib.decompressobj()
        got = 0
        try:
            for data in self.data:
                pending: bytes | memoryview = data
                while pending and not stream.eof:
                    got += len(stream.decompress(pending, 1 << 20))
                    pending = stream.unconsumed_tail
        except zlib.error as error:
            raise DamagedError(str(error)) from error
        if got < self.raw_bytes():
            raise DamagedError("the pixel data ends early")

    def raw_bytes(self) -> int:
        """Size of the inflated pixel data, filter bytes included."""
        passes = _ADAM7 if self.interlaced else ((0, 0, 1, 1),)
        total = 0
        for row, column, down, across in passes:
            rows = -(-(self.height - row) // down) if self.height > row else 0
            columns = -(-(self.width - column) // across) if self.width > column else 0
            if rows and columns:
                bits = columns * SAMPLES[self.colour_type] * self.depth
                total += rows * (1 + (bits + 7) // 8)
        return total


def chunk(kind: bytes, data: bytes | memoryview) -> bytes:
    """One chunk with its length and checksum."""
    check = zlib.crc32(data, zlib.crc32(kind))
    return b"".join([struct.pack(">I", len(data)), kind, data, struct.pack(">I", check)])


def parse(data: bytes) -> PngFile:
    """Take a file apart.

    Damaged ancillary chunks are left out; damage in one that the pixels need is an error.

    Raises:
        DamagedError: a critical chunk is missing, damaged or cut short.
    """
    found: dict[bytes, memoryview] = {}
    texts: list[tuple[bytes, memoryview]] = []
    pixels: list[memoryview] = []
    damaged: list[bytes] = []
    view = memoryview(data)
    position = len(SIGNATURE)
    while True:
        if position == len(data) and pixels:  # whole chunks up to here; decoding tells the rest
            damaged.append(b"IEND")
            break
        if position + 12 > len(data):
            raise DamagedError("it ends before its last chunk")
        (length,) = struct.unpack_from(">I", data, position)
        kind = bytes(view[position + 4 : position + 8])
        body = view[position + 8 : position + 8 + length]
        position += 12 + length
        if position > len(data):
            raise DamagedError("it ends within a chunk")
        (stated,) = struct.unpack_from(">I", data, position - 4)
        if zlib.crc32(body, zlib.crc32(kind)) != stated:
            if kind[:1].isupper() or kind == b"tRNS":
                raise DamagedError(f"the checksum of chunk {kind!r} is wrong")
            damaged.append(kind)
            continue
        if kind == b"IDAT" and length:
            pixels.append(body)
        elif kind in (b"tEXt", b"zTXt", b"iTXt"):
            texts.append((kind, body))
        elif kind == b"IEND":
            break
        else:
            found.setdefault(kind, body)
    if not pixels:
        raise DamagedError("it holds no pixel data")
    metadata, notes = described(found, texts, damaged)
    file = _assemble(found, tuple(pixels), metadata, notes)
    if sum(map(len, pixels)) * _DEFLATE_RATIO < file.raw_bytes():
        raise DamagedError("the pixel data ends early")
    return file


def _assemble(
    found: dict[bytes, memoryview],
    pixels: tuple[memoryview, ...],
    metadata: Metadata,
    notes: tuple[str, ...],
) -> PngFile:
    head = found.get(b"IHDR", memoryview(b""))
    if len(head) != 13:
        raise DamagedError("its header chunk is damaged")
    width, height, depth, colour_type, packing, filters, interlace = struct.unpack(">IIBBBBB", head)
    if colour_type not in SAMPLES or depth not in _DEPTHS.get(colour_type, (8, 16)):
        raise DamagedError(f"colour type {colour_type} with {depth} bits is not defined")
    if packing or filters or interlace > 1:
        raise DamagedError("its header names an undefined compression, filter or interlacing")
    palette, key = found.get(b"PLTE"), found.get(b"tRNS")
    if colour_type == PALETTE and (palette is None or len(palette) < 3 or len(palette) % 3):
        raise DamagedError("its palette is missing or damaged")
    if key is not None and len(key) != {GRAY: 2, RGB: 6}.get(colour_type, len(key)):
        raise DamagedError("its transparency chunk is damaged")
    animation = found.get(b"acTL", memoryview(b""))
    return PngFile(
        height,
        width,
        depth,
        colour_type,
        bool(interlace),
        None if palette is None or colour_type in (GRAY, GRAY_ALPHA) else bytes(palette),
        None if key is None or colour_type in (GRAY_ALPHA, RGB_ALPHA) else bytes(key),
        pixels,
        metadata,
        max(1, struct.unpack_from(">I", animation)[0]) if len(animation) == 8 else 1,
        notes,
    )
