"""JPEG, through Pillow, with the check for missing picture data that libjpeg does not make.

libjpeg fills what is missing with gray and says so only in a warning that Pillow drops.
"""

import io
import random
import re

import numpy as np
from PIL import JpegImagePlugin

from swinsr.image.formats.faults import DamagedError, foreign_decoder
from swinsr.image.formats.form import Header
from swinsr.image.formats.pillow.read import decode_by
from swinsr.image.formats.quiet import quiet_pillow
from swinsr.image.picture import Array, Image

# An 8 x 8 block takes at least one bit, whatever the code.
_PIXELS_PER_BYTE = 512
_START_OF_SCAN, _END, _FIRST_RESTART = 0xDA, 0xD9, 0xD0
_PROGRESSIVE = (0xC2, 0xC6, 0xCA, 0xCE)
# Within picture data: what is no marker are FF 00, fill bytes and restart markers.
_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
# Stands in for data behind the end: any codes, no markers.
_FILLER = random.Random(0).randbytes(4096).replace(b"\xff", b"\x5a")
_REDUCTION = 8  # what a decoder can shrink by while it decodes


def decode_jpeg(data: bytes, header: Header) -> Image:
    """Decode the first picture of a JPEG file: gray, YCbCr or RGB, Adobe CMYK or YCCK.

    CMYK is taken as Adobe stores it, inverted, as Pillow and OpenCV do, marker or not.

    Raises:
        DamagedError: the end marker or picture data before it is missing.
    """
    scan, end, progressive = _last_scan(data)
    if header.height * header.width > _PIXELS_PER_BYTE * len(data):
        raise DamagedError("it is too short for its size")
    image = decode_by(JpegImagePlugin.JpegImageFile, data, header)
    if not _is_complete(data, scan, end, header, progressive):
        raise DamagedError("its picture data ends early")
    return image


def _last_scan(data: bytes) -> tuple[int, int, bool]:
    """Where the first picture's last scan begins and ends, and whether it is progressive.

    Raises:
        DamagedError: there is none. A download that was given its full length in advance ends in
            zeros instead.
    """
    position, scan, progressive = 2, 2, False
    while True:
        found = _MARKER.search(data, position)
        if found is None:
            raise DamagedError("its end marker is missing")
        position, marker = found.end(), data[found.end() - 1]
        if marker == _END:
            return scan, found.start(), progressive
        progressive = progressive or marker in _PROGRESSIVE
        scan = position if marker == _START_OF_SCAN else scan
        if marker not in (0x01, 0xD8):  # markers that stand alone
            # A scan's header has a length too; its data is then searched for the next marker.
            position += max(int.from_bytes(data[position : position + 2], "big"), 2)


def _is_complete(data: bytes, scan: int, end: int, header: Header, progressive: bool) -> bool:
    """Whether the picture is the same when more data follows: then it needs none of that.

    A decoder that has all it needs ignores what stands between the picture and its end marker. One
    that was still waiting decodes it, and the picture changes.
    """
    # Later scans of a progressive picture refine what a reduced one does not show.
    reduction = 1 if progressive else _REDUCTION
    # A decoder waits for the next restart marker where there are any, so they follow in turn.
    passed = len(_RESTART.findall(data, scan, end))
    filler = b"".join(
        _FILLER[at : at + 64] + bytes([0xFF, _FIRST_RESTART + (passed + at // 64) % 8])
        for at in range(0, len(_FILLER), 64)
    )
    longer = data[:end] + filler + data[end:]
    plain, other = (_decoded(part, header, reduction) for part in (data, longer))
    return np.array_equal(plain, other)


def _decoded(data: bytes, header: Header, reduction: int) -> Array:
    with (
        foreign_decoder(),
        quiet_pillow(header.height * header.width),
        JpegImagePlugin.JpegImageFile(io.BytesIO(data)) as picture,
    ):
        if reduction > 1:
            small = max(header.width // reduction, 1), max(header.height // reduction, 1)
            picture.draft(None, small)
        picture.load()
        return np.asarray(picture)
