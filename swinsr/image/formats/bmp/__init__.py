"""BMP."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from swinsr.image.formats.form import DPI, Format, Header
from swinsr.image.formats.packing import unpack
from swinsr.image.limits import Limit

if TYPE_CHECKING:
    from swinsr.image.picture import Image


class Bmp(Format):
    """BMP: written with 8 bits a channel and without transparency."""

    name = "BMP"
    suffixes = (".bmp", ".dib")
    alpha = False
    kept = True
    holds = frozenset({DPI})

    def recognises(self, head: bytes) -> bool:
        """By the first two letters."""
        return head.startswith(b"BM")

    def size(self, stream: BinaryIO, head: bytes) -> tuple[int, int]:
        """From the header, of either form."""
        (size,) = unpack("<I", head, 14)
        width, height = unpack("<HH" if size == 12 else "<ii", head, 18)
        return abs(height), width  # a negative height means top row first

    def read(self, data: bytes, header: Header, limit: Limit) -> Image:
        """1 to 32 bits, RLE, alpha where a mask defines it."""
        from swinsr.image.formats.bmp.codec import decode_bmp

        return decode_bmp(data, header)

    def write(self, stream: BinaryIO, image: Image, quality: int, *, lossless: bool) -> None:
        """Gray, or 24-bit RGB."""
        from swinsr.image.formats.bmp.codec import encode_bmp

        encode_bmp(stream, image)
