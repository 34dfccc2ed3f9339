"""HEIC and AVIF, where the libraries for them are there."""

import io
from typing import Any, BinaryIO

from PIL import Image as PilImage

from swinsr.image.formats import exif
from swinsr.image.formats.faults import UnsupportedError
from swinsr.image.formats.heif.read import can_avif, can_heic
from swinsr.image.formats.pillow.images import interleave
from swinsr.image.formats.pillow.write import FULL_COLOUR_QUALITY
from swinsr.image.picture import Image
from swinsr.install import install_extra, install_packages


def check_available(format_name: str) -> None:
    """Whether the format can be written here.

    Raises:
        UnsupportedError: a library for it is missing; with the remedy.
    """
    if format_name == "AVIF" and not can_avif():
        raise UnsupportedError(
            "writing AVIF needs Pillow 11.3 or later; get it with "
            f"`{install_packages('pillow>=11.3')}`"
        )
    if format_name == "HEIC" and not can_heic():
        raise UnsupportedError(
            f"writing HEIC needs the pillow-heif package; install it with `{install_extra('heif')}`"
        )


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
    buffer = io.BytesIO()
    picture = PilImage.fromarray(interleave(image.pixels, image.alpha))
    picture.save(buffer, name, quality=quality, **options)
    stream.write(buffer.getbuffer())
