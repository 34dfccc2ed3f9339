"""WebP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, BinaryIO

from swinsr.image.formats.form import EXIF, ICC, XMP, Contents, Format, Frames, Header
from swinsr.image.limits import Limit

if TYPE_CHECKING:
    from swinsr.image.picture import Image


class WebP(Format):
    """WebP, still and animated, lossy or on request without loss."""

    name = "WebP"
    suffixes = (".webp",)
    side = 16383
    gray = False
    several = "animation"
    timing = 1000
    holds = frozenset({ICC, EXIF, XMP})

    def recognises(self, head: bytes) -> bool:
        """By the kind of RIFF file."""
        return head[:4] == b"RIFF" and head[8:12] == b"WEBP"

    def size(self, stream: BinaryIO, head: bytes) -> tuple[int, int]:
        """From the first chunk."""
        from swinsr.image.formats.webp.chunks import size_of

        return size_of(head)

    def read(self, data: bytes, header: Header, limit: Limit) -> Image:
        """The first frame."""
        from swinsr.image.formats.webp.read import decode_webp

        return decode_webp(data, header)

    def contents(self, data: bytes) -> Contents:
        """The animation's frames."""
        from swinsr.image.formats.webp.chunks import animation_of, unknown_chunks

        found = Contents.animated(*animation_of(data))
        return replace(found, notes=unknown_chunks(data) if found.kind else ())

    def read_frames(self, data: bytes, header: Header, limit: Limit) -> Iterator[Image]:
        """The animation's frames as they are seen."""
        from swinsr.image.formats.webp.read import decode_frames

        return decode_frames(data, header)

    def write(self, stream: BinaryIO, image: Image, quality: int, *, lossless: bool) -> None:
        """RGB with or without alpha."""
        from swinsr.image.formats.webp.write import encode_webp

        encode_webp(stream, image, quality, lossless=lossless)

    def write_frames(
        self, stream: BinaryIO, frames: Frames, like: Contents, quality: int, *, lossless: bool
    ) -> None:
        """An animation of whole frames."""
        from swinsr.image.formats.webp.write import encode_webp_frames

        encode_webp_frames(stream, frames, like.loops, quality, lossless=lossless)
