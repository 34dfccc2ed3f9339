"""What a large file says beside its pixels, without reading those.

Each function gives the metadata as `read_image` does, or None where the file is of a kind that
libvips and `read_image` might not decode alike.
"""

import struct
import zlib
from typing import BinaryIO

from PIL import JpegImagePlugin

from swinsr.image.formats.faults import DamagedError, foreign_decoder
from swinsr.image.formats.pillow.images import metadata_of
from swinsr.image.formats.png import chunks as png
from swinsr.image.formats.quiet import quiet_pillow
from swinsr.image.formats.tiff.layout import BLACK_IS_ZERO, RGB, describe_file
from swinsr.image.picture import Metadata

_LONGEST_CHUNK = 1 << 26  # of those that are kept: profiles, texts
_JPEG_BYTES_AT_END = 1 << 16
_TIFF_COMPRESSIONS = (1, 5, 8, 32773, 32946)


def png_outline(stream: BinaryIO) -> Metadata | None:
    """Gray or RGB of 8 or 16 bits, with or without alpha, in plain order of rows."""
    kept = [png.SIGNATURE]
    head = b""
    stream.seek(len(png.SIGNATURE))
    while True:
        start = stream.read(8)
        if len(start) < 8:
            raise DamagedError("it ends before its last chunk")
        length, kind = struct.unpack(">I4s", start)
        if kind == b"IDAT" or length > _LONGEST_CHUNK:
            stream.seek(length + 4, 1)
            continue
        body = stream.read(length)
        check = stream.read(4)
        if kind == b"IHDR":
            head = body
            # A picture of one pixel, so that the rest can be taken apart as that of a whole file.
            kept.append(png.chunk(kind, struct.pack(">II", 1, 1) + body[8:]))
            kept.append(png.chunk(b"IDAT", zlib.compress(bytes(9))))
        else:
            kept.append(start + body + check)
        if kind == b"IEND":
            break
    file = png.parse(b"".join(kept))
    plain = file.depth >= 8 and file.colour_type != png.PALETTE and file.key is None
    if not plain or file.interlaced or file.frames > 1 or len(head) != 13:
        return None
    return file.metadata


def jpeg_outline(stream: BinaryIO) -> Metadata | None:
    """Gray or YCbCr of 8 bits."""
    size = stream.seek(0, 2)
    stream.seek(max(size - _JPEG_BYTES_AT_END, 0))
    if b"\xff\xd9" not in stream.read():
        raise DamagedError("its end marker is missing")
    stream.seek(0)
    with foreign_decoder(), quiet_pillow(1), JpegImagePlugin.JpegImageFile(stream) as picture:
        if picture.mode not in ("L", "RGB") or picture.info.get("adobe_transform") == 0:
            return None
        return metadata_of(picture)


def tiff_outline(stream: BinaryIO) -> Metadata | None:
    """Gray or RGB of 8 or 16 bits, one page, alpha not premultiplied, no lossy compression."""
    layout = describe_file(stream)
    plain = layout.photometric in (BLACK_IS_ZERO, RGB) and layout.bits in (8, 16)
    alpha = layout.alpha in (None, 2)
    colours = 3 if layout.photometric == RGB else 1
    if not (plain and alpha and layout.contiguous and layout.orientation_at is None):
        return None
    if layout.samples != colours + (layout.alpha is not None) or layout.notes:
        return None
    return layout.metadata if layout.compression in _TIFF_COMPRESSIONS else None
