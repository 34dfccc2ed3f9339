"""BMP, read and written by Pillow."""

from typing import BinaryIO

from PIL import BmpImagePlugin

from swinsr.image.formats.form import Header
from swinsr.image.formats.pillow.images import interleave
from swinsr.image.formats.pillow.read import decode_by
from swinsr.image.formats.pillow.write import save
from swinsr.image.picture import Image


def decode_bmp(data: bytes, header: Header) -> Image:
    """Decode a BMP file: 1 to 32 bits, RLE, alpha where a mask defines it."""
    return decode_by(BmpImagePlugin.BmpImageFile, data, header)


def encode_bmp(stream: BinaryIO, image: Image) -> None:
    """Write 8-bit gray or 24-bit RGB with its resolution; the format has no place for the rest."""
    dpi = image.metadata.dpi or (0, 0)  # not given: Pillow would write 96
    save(stream, interleave(image.pixels, None), "BMP", dpi=dpi)
