"""JPEG, by Pillow."""

import struct
from typing import Any, BinaryIO

from swinsr.image.formats import exif, photoshop
from swinsr.image.formats.pillow.images import interleave
from swinsr.image.formats.pillow.write import FULL_COLOUR_QUALITY, fields_of, save
from swinsr.image.picture import Image, Metadata


def jpeg_fields(metadata: Metadata) -> dict[str, Any]:
    """Metadata as Pillow's writer takes it."""
    fields = fields_of(metadata, prefix=exif.PREFIX)
    if metadata.texts:
        fields["comment"] = metadata.texts[0].text.encode()
    if metadata.iptc is not None:
        body = photoshop.PREFIX + photoshop.with_iptc(metadata.iptc)
        fields["extra"] = b"\xff\xed" + struct.pack(">H", 2 + len(body)) + body
    return fields


def encode_jpeg(stream: BinaryIO, image: Image, quality: int) -> None:
    """Write 8-bit gray or YCbCr without alpha; 4:4:4 from quality 90 on."""
    fields = jpeg_fields(image.metadata)
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
