"""JPEG, by Pillow."""

from typing import BinaryIO

from swinsr.image.formats import exif
from swinsr.image.formats.pillow.images import interleave
from swinsr.image.formats.pillow.write import FULL_COLOUR_QUALITY, fields_of, save
from swinsr.image.picture import Image


def encode_jpeg(stream: BinaryIO, image: Image, quality: int) -> None:
    """Write 8-bit gray or YCbCr without alpha; 4:4:4 from quality 90 on."""
    fields = fields_of(image.metadata, prefix=exif.PREFIX)
    save(
        stream,
        interleave(image.pixels, None),
        "JPEG",
        quality=quality,
        subsampling="4:4:4" if quality >= FULL_COLOUR_QUALITY else "4:2:0",
        # Not optimised: Pillow keeps too small a buffer for that, and cannot write fine noise.
        optimize=False,
        **fields,
    )
