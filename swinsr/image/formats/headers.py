"""Format and size of a picture from the first bytes of its file, before anything is decoded."""

from typing import BinaryIO

from swinsr.image.formats.faults import DamagedError, UnsupportedError
from swinsr.image.formats.form import Header
from swinsr.image.formats.table import ALL

_HEAD = 64  # bytes that tell the format


def read_header(stream: BinaryIO) -> Header:
    """Recognise a picture by its content, never by its name.

    Args:
        stream: seekable.

    Raises:
        UnsupportedError: none of the formats that are read.
        DamagedError: one of them, with a header that is cut short or impossible.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    form = next((form for form in ALL.values() if form.recognises(head)), None)
    if form is None:
        *most, last = ALL
        raise UnsupportedError(
            f"not a {', '.join(most)} or {last} picture but {_kind(head)}; "
            "convert it to one of them"
        )
    height, width = form.size(stream, head)
    if height <= 0 or width <= 0:
        raise DamagedError(f"its header claims {width} x {height} pixels")
    return Header(form.name, height, width)


def _kind(head: bytes) -> str:
    for start, name in ((b"%PDF", "a PDF"), (b"PK\3\4", "a ZIP archive")):
        if head.startswith(start):
            return name
    if head[4:8] == b"ftyp":
        return "a film or another kind of MPEG-4 file"
    if head.lstrip()[:1] == b"<":
        return "an HTML or XML text"
    printable = sum(32 <= byte < 127 or byte in b"\t\r\n" for byte in head)
    return "text" if head and printable == len(head) else "an unknown kind of data"
