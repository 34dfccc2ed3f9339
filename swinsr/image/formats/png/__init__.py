"""PNG and APNG."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, BinaryIO

from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.form import (
    COLOUR,
    DPI,
    EXIF,
    ICC,
    IPTC,
    TEXTS,
    XMP,
    Contents,
    Described,
    Format,
    Frames,
    Header,
)
from swinsr.image.formats.packing import unpack
from swinsr.image.limits import Limit

if TYPE_CHECKING:
    from swinsr.image.picture import Array, Image


class Png(Format):
    """PNG, still and animated."""

    name = "PNG"
    suffixes = (".png", ".apng")
    depths = (8, 16)
    several = "animation"
    kept = True
    holds = frozenset({ICC, EXIF, XMP, IPTC, DPI, COLOUR, TEXTS})
    banded = True
    vips_loader = "pngload"
    vips_options = MappingProxyType({"unlimited": True})

    def recognises(self, head: bytes) -> bool:
        """By the signature."""
        return head.startswith(b"\x89PNG\r\n\x1a\n")

    def size(self, stream: BinaryIO, head: bytes) -> tuple[int, int]:
        """From the header chunk."""
        if head[12:16] != b"IHDR":
            raise DamagedError("its first chunk is not IHDR")
        width, height = unpack(">II", head, 16)
        return height, width

    def read(self, data: bytes, header: Header, limit: Limit) -> Image:
        """The still picture."""
        from swinsr.image.formats.png.read import decode_png

        return decode_png(data)

    def contents(self, data: bytes) -> Contents:
        """The animation's frames."""
        from swinsr.image.formats.png.animation import contents

        return contents(data)

    def read_frames(self, data: bytes, header: Header, limit: Limit) -> Iterator[Image]:
        """The animation's frames as they are seen."""
        from swinsr.image.formats.png.animation import decode_frames

        return decode_frames(data, header)

    def outline(self, stream: BinaryIO) -> Described | None:
        """Of plain stills."""
        from swinsr.image.formats.png.bands import outline

        return outline(stream)

    def write(self, stream: BinaryIO, image: Image, quality: int, *, lossless: bool) -> None:
        """With everything in the metadata."""
        from swinsr.image.formats.png.write import encode_png

        encode_png(stream, image)

    def write_frames(
        self, stream: BinaryIO, frames: Frames, like: Contents, quality: int, *, lossless: bool
    ) -> None:
        """An animation, its first frame for programs that know none."""
        from swinsr.image.formats.png.write import encode_png_frames

        encode_png_frames(stream, frames, like.count, like.loops)

    def write_bands(
        self, stream: BinaryIO, image: Image, bands: Iterable[Array], quality: int
    ) -> None:
        """Compressed as they come."""
        from swinsr.image.formats.png.bands import encode_png_bands

        encode_png_bands(stream, image, bands)
