"""GIF."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING, BinaryIO

from swinsr.image.formats.form import ONE_COMMENT, Contents, Format, Frames, Header
from swinsr.image.formats.packing import whole
from swinsr.image.limits import Limit

if TYPE_CHECKING:
    from swinsr.image.picture import Image


class Gif(Format):
    """GIF, still and animated: 256 colours a frame, pixels that are clear or not."""

    name = "GIF"
    suffixes = (".gif",)
    side = 65535
    several = "animation"
    timing = 100
    exact = False
    holds = frozenset({ONE_COMMENT})

    def recognises(self, head: bytes) -> bool:
        """By the signature of either version."""
        return head[:6] in (b"GIF87a", b"GIF89a")

    def size(self, stream: BinaryIO, head: bytes) -> tuple[int, int]:
        """Of the canvas that all frames fit on."""
        from swinsr.image.formats.gif.blocks import parse

        file = parse(whole(stream))
        return file.height, file.width

    def read(self, data: bytes, header: Header, limit: Limit) -> Image:
        """The first picture, on its canvas."""
        from swinsr.image.formats.gif.read import decode_gif

        return decode_gif(data, header)

    def contents(self, data: bytes) -> Contents:
        """The animation's frames."""
        from swinsr.image.formats.gif.blocks import parse

        file = parse(data)
        found = Contents.animated(tuple(Fraction(d, 100) for d in file.delays), file.loops)
        return replace(found, notes=file.notes if found.kind else ())

    def read_frames(self, data: bytes, header: Header, limit: Limit) -> Iterator[Image]:
        """The animation's frames as they are seen."""
        from swinsr.image.formats.gif.read import decode_frames

        return decode_frames(data, header)

    def losses(self, image: Image) -> tuple[str, ...]:
        """Of colours and of half transparency."""
        from swinsr.image.formats.gif.write import losses

        return losses(image)

    def write(self, stream: BinaryIO, image: Image, quality: int, *, lossless: bool) -> None:
        """A still."""
        from swinsr.image.formats.gif.write import encode_gif

        encode_gif(stream, image)

    def write_frames(
        self, stream: BinaryIO, frames: Frames, like: Contents, quality: int, *, lossless: bool
    ) -> None:
        """An animation of whole frames."""
        from swinsr.image.formats.gif.write import encode_gif_frames

        encode_gif_frames(stream, frames, like.loops)
