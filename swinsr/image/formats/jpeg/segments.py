"""What the segments of a JPEG say: what is carried on, and what is left out with a note.

Source: ITU-T T.81, table B.1; CIPA DC-007 (further pictures); ISO/TS 21496-1 (gain maps); Adobe XMP
part 3 (packets in several segments); C2PA 2.1 (content credentials).
"""

import io
import re
import struct
from collections.abc import Iterator
from dataclasses import replace

from swinsr.image.formats import photoshop, xmp
from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.ifd import IfdLayout, read_directory
from swinsr.image.picture import COMMENT, Metadata, Text

_COM, _SOS, _EOI = 0xFE, 0xDA, 0xD9
_APP = range(0xE0, 0xF0)
_ALONE = {0x01, *range(0xD0, 0xD9)}  # markers without a length
_PICTURES = 0xB001  # how many there are, in the directory of a multi-picture file
# The picture itself, how it was saved, or metadata in a form of ours, by how a segment begins.
_KNOWN = (
    b"JFIF\0",
    b"Exif\0",
    b"http://ns.adobe.com/xap/1.0/\0",
    b"ICC_PROFILE\0",
    b"Adobe",
    b"Ducky",
)
_EXTENSION = b"http://ns.adobe.com/xmp/extension/\0"
_SAYS_HOW = re.compile(r"quality\s*[=:]\s*\d", re.IGNORECASE)
_LONGEST_TRAILER = 64  # zeros and the like that writers leave behind a picture
_MOST_NAMED = 6


def described(data: bytes, end: int, metadata: Metadata) -> tuple[Metadata, tuple[str, ...]]:
    """What goes on with the picture, and a sentence on each thing that does not.

    Args:
        data: the file.
        end: where its first picture ends.
        metadata: what its decoder found.
    """
    notes: list[str] = []
    comments: list[Text] = []
    others: dict[str, None] = {}
    iptc: bytes | None = None
    pictures = 0
    gain_map = metadata.xmp is not None and xmp.speaks_of_gain_map(metadata.xmp)
    for marker, body in _segments(data):
        if marker == _COM:
            text = _comment(body)
            if _SAYS_HOW.search(text):
                notes.append("its comment was left out, as it tells how the old file was saved")
            elif text:
                comments.append(Text(COMMENT, text))
        elif marker == 0xED and body.startswith(photoshop.PREFIX):
            found, more = photoshop.iptc_of(body[len(photoshop.PREFIX) :])
            iptc = iptc or found
            if more:
                others["Photoshop settings"] = None
        elif marker == 0xE2 and body.startswith(b"MPF\0"):
            pictures = max(pictures, _pictures(body[4:]) - 1)
        elif marker == 0xE2 and body.startswith(b"urn:iso:std:iso:ts:21496:-1\0"):
            gain_map = True
        elif marker == 0xE1 and body.startswith(_EXTENSION):
            others["the second part of XMP"] = None
        elif marker == 0xEB and body.startswith(b"JP"):
            others["content credentials"] = None
        elif marker == 0xE0 and body.startswith(b"JFXX\0"):
            others["a thumbnail"] = None
        elif marker in _APP and not body.startswith(_KNOWN):
            others[f"APP{marker - 0xE0}"] = None
        elif body.startswith(b"ICC_PROFILE\0") and metadata.icc is None:
            others["a damaged colour profile"] = None
    if gain_map:
        others["a gain map for bright screens"] = None
    if pictures:
        others[f"further pictures ({pictures})"] = None
    elif len(data) - end - 2 > _LONGEST_TRAILER and data[end:].strip(b"\0"):
        others[f"what stands behind the picture ({len(data) - end - 2:,} bytes)"] = None
    if others:
        names = list(others)
        more_names = ", ..." if len(names) > _MOST_NAMED else ""
        named = ", ".join(names[:_MOST_NAMED]) + more_names
        notes.append(f"left out, as it is of the old file: {named}")
    return replace(metadata, texts=tuple(comments), iptc=iptc), tuple(dict.fromkeys(notes))


def _segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and content of each segment before the picture's data."""
    at = 2
    while at + 4 <= len(data):
        if data[at] != 0xFF:
            at += 1  # rubbish, which decoders skip too
            continue
        marker = data[at + 1]
        if marker in (_SOS, _EOI):
            return
        if marker in (0x00, 0xFF) or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        length = max(int.from_bytes(data[at + 2 : at + 4], "big"), 2)
        if marker == _COM or marker in _APP:
            yield marker, data[at + 4 : at + 2 + length]
        at += 2 + length


def _comment(body: bytes) -> str:
    raw = body.rstrip(b"\0 \r\n")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _pictures(block: bytes) -> int:
    """How many pictures the file holds; 2 where that cannot be read."""
    stream = io.BytesIO(block)
    try:
        layout = IfdLayout.of(stream)
        found = read_directory(stream, layout, layout.first).numbers(_PICTURES, layout.order)
    except (DamagedError, struct.error):
        return 2
    return min(found[0], 1000) if len(found) == 1 else 2
