"""WebP, by Pillow; animations are stills of its encoder put together, one in memory at a time.

Source: RFC 9649, sections 2.6 and 2.7.
"""

from __future__ import annotations

import io
import struct
from typing import BinaryIO

from swinsr.image.formats.form import Frames
from swinsr.image.formats.pillow.images import interleave
from swinsr.image.formats.pillow.write import fields_of, save
from swinsr.image.formats.webp.chunks import picture_chunks
from swinsr.image.picture import Image, Metadata

_ICC, _ALPHA, _EXIF, _XMP, _ANIMATION = 0x20, 0x10, 0x08, 0x04, 0x02
_REPLACE = 0x02  # a frame's pixels take the place of those before, transparent ones too


def encode_webp(stream: BinaryIO, image: Image, quality: int, *, lossless: bool) -> None:
    """Write 8-bit RGB with or without alpha; lossless keeps colours under transparency too."""
    fields = fields_of(image.metadata, prefix=b"")
    pixels = interleave(image.pixels, image.alpha)
    save(stream, pixels, "WEBP", quality=quality, lossless=lossless, exact=lossless, **fields)


def encode_webp_frames(
    stream: BinaryIO, frames: Frames, loops: int, quality: int, *, lossless: bool
) -> None:
    """Write an animation.

    Args:
        stream: writable and seekable, at its start.
        frames: 8-bit RGB pictures of one size with alpha, and seconds that each is shown; the
            first one's metadata is the file's.
        loops: how often it runs, 0 for ever.
        quality, lossless: of each frame, as for a still.
    """
    metadata = Metadata()
    for number, (image, seconds) in enumerate(frames):
        if number == 0:
            metadata = image.metadata
            _begin(stream, image, loops)
        buffer = io.BytesIO()
        encode_webp(buffer, Image(image.pixels, image.alpha), quality, lossless=lossless)
        milliseconds = min(round(seconds * 1000), (1 << 24) - 1)
        head = _uint24(0, 0, image.width - 1, image.height - 1, milliseconds) + bytes([_REPLACE])
        stream.write(_chunk(b"ANMF", head + picture_chunks(buffer.getvalue())))
    for kind, data in ((b"EXIF", metadata.exif), (b"XMP ", metadata.xmp)):
        if data:
            stream.write(_chunk(kind, data))
    end = stream.tell()
    stream.seek(4)
    stream.write(struct.pack("<I", end - 8))


def _begin(stream: BinaryIO, image: Image, loops: int) -> None:
    """Everything before the frames."""
    metadata = image.metadata
    flags = _ANIMATION | _ALPHA
    flags |= (_ICC if metadata.icc else 0) | (_EXIF if metadata.exif else 0)
    flags |= _XMP if metadata.xmp else 0
    size = _uint24(image.width - 1, image.height - 1)
    stream.write(b"RIFF\0\0\0\0WEBP")
    stream.write(_chunk(b"VP8X", struct.pack("<I", flags) + size))
    if metadata.icc:
        stream.write(_chunk(b"ICCP", metadata.icc))
    stream.write(_chunk(b"ANIM", struct.pack("<IH", 0, min(loops, 65535))))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _uint24(*values: int) -> bytes:
    return b"".join(value.to_bytes(3, "little") for value in values)
