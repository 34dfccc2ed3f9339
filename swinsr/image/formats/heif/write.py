"""HEIC and AVIF, where the libraries for them are there."""

from typing import Any, BinaryIO

from swinsr.image.formats import exif
from swinsr.image.formats.pillow.images import interleave
from swinsr.image.formats.pillow.write import FULL_COLOUR_QUALITY, save
from swinsr.image.picture import Image


def encode_avif(stream: BinaryIO, image: Image, quality: int) -> None:
    """Write 8-bit RGB with or without alpha; 4:4:4 from quality 90 on."""
    full = quality >= FULL_COLOUR_QUALITY
    _save(stream, image, "AVIF", quality, subsampling="4:4:4" if full else "4:2:0")


def encode_heic(stream: BinaryIO, image: Image, quality: int) -> None:
    """Write 8-bit gray or RGB with or without alpha; 4:4:4 from quality 90 on."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    full = quality >= FULL_COLOUR_QUALITY
    _save(stream, image, "HEIF", quality, chroma=444 if full else 420)


def _save(stream: BinaryIO, image: Image, name: str, quality: int, **options: Any) -> None:
    metadata = image.metadata
    fields: dict[str, Any] = {"icc_profile": metadata.icc, "xmp": metadata.xmp}
    if metadata.exif is not None:
        fields["exif"] = exif.PREFIX + metadata.exif
    options |= {key: value for key, value in fields.items() if value is not None}
    save(stream, interleave(image.pixels, image.alpha), name, quality=quality, **options)
