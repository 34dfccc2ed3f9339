"""HEIC and AVIF, where the libraries for them are there."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

from swinsr.image.formats.form import EXIF, ICC, XMP, Format, Header
from swinsr.image.formats.heif.boxes import kind_of, size_of
from swinsr.image.formats.packing import whole
from swinsr.image.limits import Limit

if TYPE_CHECKING:
    from swinsr.image.picture import Image


class _Boxed(Format):
    """What the two have in common."""

    exact = False
    holds = frozenset({ICC, EXIF, XMP})
    turned = True

    def recognises(self, head: bytes) -> bool:
        """By the brands of the first box."""
        return kind_of(head) == self.name

    def size(self, stream: BinaryIO, head: bytes) -> tuple[int, int]:
        """Of the main picture."""
        return size_of(whole(stream))


class Avif(_Boxed):
    """AVIF, by Pillow."""

    name = "AVIF"
    suffixes = (".avif",)
    side = 65536
    gray = False

    def read(self, data: bytes, header: Header, limit: Limit) -> Image:
        """The first picture."""
        from swinsr.image.formats.heif.read import decode_avif

        return decode_avif(data, header)

    def missing(self) -> str:
        """It needs a Pillow that has it."""
        from swinsr.image.formats.heif.read import can_avif
        from swinsr.install import install_packages

        need = "writing AVIF needs Pillow 11.3 or later; get it with "
        return "" if can_avif() else f"{need}`{install_packages('pillow>=11.3')}`"

    def write(self, stream: BinaryIO, image: Image, quality: int, *, lossless: bool) -> None:
        """RGB with or without alpha."""
        from swinsr.image.formats.heif.write import encode_avif

        encode_avif(stream, image, quality)


class Heic(_Boxed):
    """HEIC, by pillow-heif."""

    name = "HEIC"
    suffixes = (".heic", ".heif", ".hif")
    side = 16384

    def read(self, data: bytes, header: Header, limit: Limit) -> Image:
        """The main picture."""
        from swinsr.image.formats.heif.read import decode_heic

        return decode_heic(data, header)

    def missing(self) -> str:
        """It needs a package of its own."""
        from swinsr.image.formats.heif.read import can_heic
        from swinsr.install import install_extra

        need = "writing HEIC needs the pillow-heif package; install it with "
        return "" if can_heic() else f"{need}`{install_extra('heif')}`"

    def write(self, stream: BinaryIO, image: Image, quality: int, *, lossless: bool) -> None:
        """Gray or RGB with or without alpha."""
        from swinsr.image.formats.heif.write import encode_heic

        encode_heic(stream, image, quality)
