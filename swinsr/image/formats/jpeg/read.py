"""JPEG, through Pillow, with the check for missing picture data that libjpeg does not make.

libjpeg fills what is missing with gray and says so only in a warning that Pillow drops.
"""

import io
import random
import re
from dataclasses import replace

import numpy as np
from PIL import JpegImagePlugin

from swinsr.image.formats.faults import DamagedError, foreign_decoder
from swinsr.image.formats.form import Header
from swinsr.image.formats.jpeg.segments import described
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
_END_MARKER = b"\xff\xd9"
_TAIL = 16  # bytes at the end of all data that decide whether it was needed
_REDUCTION = 8  # what a decoder can shrink by while it decodes


def decode_jpeg(data: bytes, header: Header) -> Image:
    """Decode the first picture of a JPEG file: gray, YCbCr or RGB, Adobe CMYK or YCCK.

    CMYK is taken as Adobe stores it, inverted, as Pillow and OpenCV do, marker or not.

    Raises:
        DamagedError: picture data is missing, whatever stands in its place.
    """
    end, marked = check_complete(data, header)
    whole = data if marked else data + _END_MARKER
    image = decode_by(JpegImagePlugin.JpegImageFile, whole, header)
    metadata, notes = described(data, end, image.metadata)
    if not marked:
        notes = ("its end marker is missing, but all of its pixels are there", *notes)
    return replace(image, metadata=metadata, notes=(*image.notes, *notes))


def check_complete(data: bytes, header: Header) -> tuple[int, bool]:
    """Where the first picture ends, and whether its end is marked.

    Raises:
        DamagedError: picture data is missing, whatever stands in its place.
    """
    scan, end, progressive, marked = _last_scan(data)
    if header.height * header.width > _PIXELS_PER_BYTE * len(data):
        raise DamagedError("it is too short for its size")
    if marked:
        # Later scans of a progressive picture refine what a reduced one does not show.
        if not _is_complete(data, scan, end, header, reduced=not progressive):
            raise DamagedError("its picture data ends early")
    elif not _ends_with_its_data(data + _END_MARKER, scan, end, header):
        raise DamagedError("its end marker is missing")
    return end, marked


def _ends_with_its_data(data: bytes, scan: int, end: int, header: Header) -> bool:
    """Whether a file that lacked its end has all of its data, and nothing in place of some.

    A download that was given its full length in advance ends in zeros, which are data to a decoder:
    so there must be none at the end, and the last bytes must be needed.
    """
    # The last byte is filled up with ones (T.81, section F.1.2.3): seldom is one zero, never two.
    if data[end - 2 : end] == bytes(2):
        return False
    tail = max(end - _TAIL, scan)
    shorter = data[:tail] + data[end:]
    if not _is_complete(data, scan, end, header, reduced=False):
        return False
    try:
        return not _is_complete(shorter, scan, tail, header, reduced=False)
    except (OSError, DamagedError):
        return True  # not even decoded without them


def _last_scan(data: bytes) -> tuple[int, int, bool, bool]:
    """Where the first picture's last scan begins and ends, and whether it is progressive.

    Returns:
        Both positions, whether it is progressive, and whether an end marker stands there; without
        one the data ends the scan.

    Raises:
        DamagedError: there is no scan, or the file ends within a marker or a segment: then data may
            be missing that no decoder asks for.
    """
    position, scan, progressive = 2, 0, False
    while True:
        found = _MARKER.search(data, position)
        if found is None:
            if not scan or position > len(data) or data.endswith(b"\xff"):
                raise DamagedError("its end marker is missing")
            return scan, len(data), progressive, False
        position, marker = found.end(), data[found.end() - 1]
        if marker == _END:
            return scan or 2, found.start(), progressive, True
        progressive = progressive or marker in _PROGRESSIVE
        scan = position if marker == _START_OF_SCAN else scan
        if marker not in (0x01, 0xD8):  # markers that stand alone
            # A scan's header has a length too; its data is then searched for the next marker.
            position += max(int.from_bytes(data[position : position + 2], "big"), 2)


def _is_complete(data: bytes, scan: int, end: int, header: Header, *, reduced: bool) -> bool:
    """Whether the picture is the same when more data follows: then it needs none of that.

    A decoder that has all it needs ignores what stands between the picture and its end marker. One
    that was still waiting decodes it, and the picture changes.
    """
    reduction = _REDUCTION if reduced else 1
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
