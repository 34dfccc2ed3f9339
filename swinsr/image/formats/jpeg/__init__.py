"""JPEG."""

from __future__ import annotations

from collections.abc import Iterable
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from swinsr.image.formats.form import (
    DPI,
    EXIF,
    ICC,
    IPTC,
    ONE_COMMENT,
    XMP,
    Described,
    Format,
    Header,
)
from swinsr.image.limits import Limit

if TYPE_CHECKING:
    from swinsr.image.picture import Array, Image


class Jpeg(Format):
    """JPEG: 8 bits, without transparency."""

    name = "JPEG"
    suffixes = (".jpg", ".jpeg", ".jpe", ".jfif")
    side = 65500  # libjpeg stops short of the 65535 that the format allows
    alpha = False
    exact = False
    holds = frozenset({ICC, EXIF, XMP, IPTC, DPI, ONE_COMMENT})
    # What one segment holds behind the prefix of its kind; a profile takes up to 255.
    longest = MappingProxyType(
        {EXIF: 65527, XMP: 65504, IPTC: 65500, ONE_COMMENT: 65533, ICC: 255 * 65519}
    )
    banded = True
    vips_loader = "jpegload"
    vips_options = MappingProxyType({"unlimited": True})

    def recognises(self, head: bytes) -> bool:
        """By the start of the first two markers."""
        return head.startswith(b"\xff\xd8\xff")

    def size(self, stream: BinaryIO, head: bytes) -> tuple[int, int]:
        """From the frame header."""
        from swinsr.image.formats.jpeg.header import size_of

        return size_of(stream)

    def read(self, data: bytes, header: Header, limit: Limit) -> Image:
        """The first picture."""
        from swinsr.image.formats.jpeg.read import decode_jpeg

        return decode_jpeg(data, header)

    def outline(self, stream: BinaryIO) -> Described | None:
        """Of gray and YCbCr."""
        from swinsr.image.formats.jpeg.bands import outline

        return outline(stream)

    def write(self, stream: BinaryIO, image: Image, quality: int, *, lossless: bool) -> None:
        """Gray or YCbCr."""
        from swinsr.image.formats.jpeg.write import encode_jpeg

        encode_jpeg(stream, image, quality)

    def write_bands(
        self, stream: BinaryIO, image: Image, bands: Iterable[Array], quality: int
    ) -> None:
        """Joined by restart markers."""
        from swinsr.image.formats.jpeg.bands import encode_jpeg_bands

        encode_jpeg_bands(stream, image, bands, quality)
