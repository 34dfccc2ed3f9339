"""JPEG in bands: each a scan of its own, joined by restart markers into one.

At a restart marker a decoder forgets what came before: the bits begin at a byte, the predictions of
the mean at zero. So the entropy-coded data of a picture of some rows of blocks can follow that of
the rows above, whoever made it. The tables are the standard ones, the same for every band.

Source: ITU-T T.81, sections B.2.1, B.2.4.4 and E.1.4.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Iterable
from typing import Any, BinaryIO

from PIL import Image as PilImage
from PIL import JpegImagePlugin

from swinsr.image.formats.faults import foreign_decoder
from swinsr.image.formats.form import Described, Header
from swinsr.image.formats.jpeg.header import size_of
from swinsr.image.formats.jpeg.read import check_complete
from swinsr.image.formats.jpeg.segments import described
from swinsr.image.formats.jpeg.write import jpeg_fields
from swinsr.image.formats.packing import whole
from swinsr.image.formats.pillow.images import metadata_of
from swinsr.image.formats.pillow.write import FULL_COLOUR_QUALITY
from swinsr.image.formats.quiet import quiet_pillow
from swinsr.image.formats.regroup import regroup
from swinsr.image.picture import Array, Image

_BAND_BYTES = 1 << 22
_BYTES_AT_END = 1 << 16
_HEAD = 1 << 25  # in which all segments before the picture's data stand
_LONGEST_INTERVAL = 65535  # blocks between two restart markers
_SOF0, _SOS, _DRI, _RST0 = 0xC0, 0xDA, 0xDD, 0xD0


def outline(stream: BinaryIO) -> Described | None:
    """Gray or YCbCr of 8 bits.

    Raises:
        DamagedError: its end is missing, and pixels with it.
    """
    size = stream.seek(0, 2)
    stream.seek(max(size - _BYTES_AT_END, 0))
    if b"\xff\xd9" not in stream.read():
        data = whole(stream)
        check_complete(data, Header("", *size_of(stream)))
        return None  # it is read as a whole, with a note
    stream.seek(0)
    with foreign_decoder(), quiet_pillow(1), JpegImagePlugin.JpegImageFile(stream) as picture:
        if picture.mode not in ("L", "RGB") or picture.info.get("adobe_transform") == 0:
            return None
        found = metadata_of(picture)
    stream.seek(0)
    head = stream.read(_HEAD)
    return described(head, len(head), found)


def encode_jpeg_bands(stream: BinaryIO, image: Image, bands: Iterable[Array], quality: int) -> None:
    """Write 8-bit gray or YCbCr; 4:4:4 from quality 90 on.

    Args:
        stream: writable.
        image: of the right shape and metadata; its pixels are not looked at.
        bands: rows (n, width, 1 or 3) uint8, from top to bottom.
        quality: 1 to 100.
    """
    halved = quality < FULL_COLOUR_QUALITY and not image.is_gray
    block = 16 if halved else 8
    across = -(-image.width // block)
    down = min(_LONGEST_INTERVAL // across, _BAND_BYTES // (image.width * block * image.channels))
    down = max(down, 1)
    options: dict[str, Any] = {
        "quality": quality,
        "subsampling": "4:2:0" if halved else "4:4:4",
        "optimize": False,
    }
    for number, band in enumerate(regroup(bands, down * block)):
        buffer = io.BytesIO()
        samples = band[..., 0] if image.is_gray else band
        fields = jpeg_fields(image.metadata) if number == 0 else {}
        PilImage.fromarray(samples).save(buffer, "JPEG", **options, **fields)
        head, data = _split(buffer.getvalue(), image.height, across * down)
        stream.write(head if number == 0 else bytes([0xFF, _RST0 + (number - 1) % 8]))
        stream.write(data)
    stream.write(b"\xff\xd9")


def _split(file: bytes, height: int, interval: int) -> tuple[bytes, bytes]:
    """Everything up to the scan's data, with the whole picture's height; and that data."""
    parts = [file[:2]]
    position = 2
    while True:
        kind = file[position + 1]
        (length,) = struct.unpack_from(">H", file, position + 2)
        segment = file[position : position + 2 + length]
        position += 2 + length
        if kind == _SOF0:
            segment = segment[:5] + struct.pack(">H", height) + segment[7:]
        elif kind == _SOS:
            parts += [struct.pack(">BBHH", 0xFF, _DRI, 4, interval), segment]
            return b"".join(parts), file[position:-2]
        parts.append(segment)
