"""TIFF and BigTIFF."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, BinaryIO

from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.form import (
    DPI,
    EXIF,
    ICC,
    IPTC,
    XMP,
    Contents,
    Described,
    Format,
    Frames,
    Header,
)
from swinsr.image.formats.ifd import IfdLayout, read_directory
from swinsr.image.limits import Limit

if TYPE_CHECKING:
    from swinsr.image.picture import Array, Image


class Tiff(Format):
    """TIFF of one page or several."""

    name = "TIFF"
    suffixes = (".tif", ".tiff")
    depths = (8, 16, 32)
    several = "pages"
    kept = True
    holds = frozenset({ICC, EXIF, XMP, IPTC, DPI})
    banded = True
    vips_loader = "tiffload"

    def recognises(self, head: bytes) -> bool:
        """By byte order and magic number, of classic and BigTIFF."""
        return head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")

    def size(self, stream: BinaryIO, head: bytes) -> tuple[int, int]:
        """From the first directory."""
        layout = IfdLayout.of(stream)
        directory = read_directory(stream, layout, layout.first)
        width, height = directory.numbers(256, layout.order), directory.numbers(257, layout.order)
        if len(width) != 1 or len(height) != 1:
            raise DamagedError("its first directory gives no size")
        return height[0], width[0]

    def read(self, data: bytes, header: Header, limit: Limit) -> Image:
        """The first page."""
        from swinsr.image.formats.tiff.read import decode_tiff

        return decode_tiff(data, limit.max_pixels)

    def contents(self, data: bytes) -> Contents:
        """The pages that are no smaller copies of others."""
        from swinsr.image.formats.tiff.pages import page_offsets

        count = len(page_offsets(data))
        return Contents(count=count, kind="pages" if count > 1 else "")

    def read_frames(self, data: bytes, header: Header, limit: Limit) -> Iterator[Image]:
        """The pages, each of its own size and kind."""
        from swinsr.image.formats.tiff.pages import decode_pages

        return decode_pages(data, self, limit)

    def outline(self, stream: BinaryIO) -> Described | None:
        """Of one page in plain layouts."""
        from swinsr.image.formats.tiff.bands import outline

        return outline(stream)

    def losses(self, image: Image) -> tuple[str, ...]:
        """Of EXIF fields that could mean something else in a TIFF."""
        from swinsr.image.formats.tiff.write import losses

        return losses(image)

    def write(self, stream: BinaryIO, image: Image, quality: int, *, lossless: bool) -> None:
        """One page."""
        from swinsr.image.formats.tiff.write import encode_tiff

        encode_tiff(stream, image)

    def write_frames(
        self, stream: BinaryIO, frames: Frames, like: Contents, quality: int, *, lossless: bool
    ) -> None:
        """A page for each picture."""
        from swinsr.image.formats.tiff.write import encode_tiff_pages

        encode_tiff_pages(stream, (image for image, _ in frames), like.count)

    def write_bands(
        self, stream: BinaryIO, image: Image, bands: Iterable[Array], quality: int
    ) -> None:
        """In square tiles."""
        from swinsr.image.formats.tiff.bands import encode_tiff_bands

        encode_tiff_bands(stream, image, bands)
