"""BMP, read and written by Pillow."""

import struct
from dataclasses import replace
from typing import BinaryIO

from PIL import BmpImagePlugin

from swinsr.image.formats.form import Header
from swinsr.image.formats.pillow.images import interleave
from swinsr.image.formats.pillow.read import decode_by
from swinsr.image.formats.pillow.write import save
from swinsr.image.picture import Image

_FIFTH = 124  # bytes of the header


def decode_bmp(data: bytes, header: Header) -> Image:
    """Decode a BMP file: 1 to 32 bits, RLE, alpha where a mask defines it."""
    image = decode_by(BmpImagePlugin.BmpImageFile, data, header)
    profile = _profile(data)
    return replace(image, metadata=replace(image.metadata, icc=profile))


def _profile(data: bytes) -> bytes | None:
    """The profile that a header of the fifth version leads to.

    Source: BITMAPV5HEADER, Windows GDI.
    """
    if len(data) < 14 + _FIFTH or struct.unpack_from("<I", data, 14)[0] != _FIFTH:
        return None
    kind, at, length = data[70:74], *struct.unpack_from("<II", data, 14 + 112)
    profile = data[14 + at : 14 + at + length]
    return profile if kind == b"DEBM" and length and len(profile) == length else None


def encode_bmp(stream: BinaryIO, image: Image) -> None:
    """Write 8-bit gray or 24-bit RGB with its resolution; the format has no place for the rest."""
    dpi = image.metadata.dpi or (0, 0)  # not given: Pillow would write 96
    save(stream, interleave(image.pixels, None), "BMP", dpi=dpi)
