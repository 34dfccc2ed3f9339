"""JPEG, WebP and BMP, by Pillow; all have 8 bits."""

import io
from typing import Any, BinaryIO

from PIL import Image as PilImage

from swinsr.image.formats import exif
from swinsr.image.formats.pillow.images import interleave
from swinsr.image.picture import Array, Image, Metadata

# Below this the eye takes halved colour resolution for granted; at or above it, a user asks for
# quality, and 4:2:0 would blur what the network restored.
FULL_COLOUR_QUALITY = 90


def encode_jpeg(stream: BinaryIO, image: Image, quality: int) -> None:
    """Write 8-bit gray or YCbCr without alpha; 4:4:4 from quality 90 on."""
    fields = fields_of(image.metadata, prefix=exif.PREFIX)
    _save(
        stream,
        interleave(image.pixels, None),
        "JPEG",
        quality=quality,
        subsampling="4:4:4" if quality >= FULL_COLOUR_QUALITY else "4:2:0",
        # Not optimised: Pillow keeps too small a buffer for that, and cannot write fine noise.
        optimize=False,
        **fields,
    )


def encode_webp(stream: BinaryIO, image: Image, quality: int, *, lossless: bool) -> None:
    """Write 8-bit RGB with or without alpha; lossless keeps colours under transparency too."""
    fields = fields_of(image.metadata, prefix=b"")
    pixels = interleave(image.pixels, image.alpha)
    _save(stream, pixels, "WEBP", quality=quality, lossless=lossless, exact=lossless, **fields)


def encode_bmp(stream: BinaryIO, image: Image) -> None:
    """Write 8-bit gray or 24-bit RGB with its resolution; the format has no place for the rest."""
    dpi = image.metadata.dpi or (0, 0)  # not given: Pillow would write 96
    _save(stream, interleave(image.pixels, None), "BMP", dpi=dpi)


def _save(stream: BinaryIO, pixels: Array, format_name: str, **options: Any) -> None:
    """Encode in memory, then write: to a file itself Pillow writes without a look at how much of
    it the disk took, and a full one would leave a picture cut short.
    """
    buffer = io.BytesIO()
    PilImage.fromarray(pixels).save(buffer, format_name, **options)
    stream.write(buffer.getbuffer())


def fields_of(metadata: Metadata, *, prefix: bytes) -> dict[str, Any]:
    """Metadata as Pillow's writers take it; `prefix` goes before the EXIF block."""
    fields: dict[str, Any] = {"icc_profile": metadata.icc, "xmp": metadata.xmp, "dpi": metadata.dpi}
    if metadata.exif is not None:
        fields["exif"] = prefix + metadata.exif
    return {key: value for key, value in fields.items() if value is not None}
