"""Animated WebP: stills of Pillow's encoder put together, one frame in memory at a time.

Source: RFC 9649, sections 2.6 and 2.7.
"""

import io
import struct
from collections.abc import Iterable
from fractions import Fraction
from typing import BinaryIO

from swinsr.image.formats.pillow.write import encode_webp
from swinsr.image.formats.webp.chunks import picture_chunks
from swinsr.image.picture import Image, Metadata

_ICC, _ALPHA, _EXIF, _XMP, _ANIMATION = 0x20, 0x10, 0x08, 0x04, 0x02
_REPLACE = 0x02  # a frame's pixels take the place of those before, transparent ones too


def encode_webp_frames(
    stream: BinaryIO,
    frames: Iterable[tuple[Image, Fraction]],
    metadata: Metadata,
    size: tuple[int, int],
    loops: int,
    quality: int,
    *,
    lossless: bool,
) -> None:
    """Write an animation.

    Args:
        stream: writable and seekable, at its start.
        frames: 8-bit RGB pictures with alpha, and seconds that each is shown.
        metadata: of the file.
        size: (height, width) of the frames.
        loops: how often it runs, 0 for ever.
        quality, lossless: of each frame, as for a still.
    """
    height, width = size
    flags = _ANIMATION | _ALPHA
    flags |= (_ICC if metadata.icc else 0) | (_EXIF if metadata.exif else 0)
    flags |= _XMP if metadata.xmp else 0
    stream.write(b"RIFF\0\0\0\0WEBP")
    stream.write(_chunk(b"VP8X", struct.pack("<I", flags) + _uint24(width - 1, height - 1)))
    if metadata.icc:
        stream.write(_chunk(b"ICCP", metadata.icc))
    stream.write(_chunk(b"ANIM", struct.pack("<IH", 0, min(loops, 65535))))
    for image, seconds in frames:
        buffer = io.BytesIO()
        plain = Image(image.pixels, image.alpha)
        encode_webp(buffer, plain, quality, lossless=lossless)
        milliseconds = min(round(seconds * 1000), (1 << 24) - 1)
        head = _uint24(0, 0, width - 1, height - 1, milliseconds) + bytes([_REPLACE])
        stream.write(_chunk(b"ANMF", head + picture_chunks(buffer.getvalue())))
    for kind, data in ((b"EXIF", metadata.exif), (b"XMP ", metadata.xmp)):
        if data:
            stream.write(_chunk(kind, data))
    end = stream.tell()
    stream.seek(4)
    stream.write(struct.pack("<I", end - 8))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) % 2)


def _uint24(*values: int) -> bytes:
    return b"".join(value.to_bytes(3, "little") for value in values)
