"""Photoshop's image resources, in which JPEG and PNG keep IPTC datasets.

Source: Adobe Photoshop file formats specification (2019), "Image resources"; IPTC-NAA IIM 4.2.
"""

import struct
from collections.abc import Iterator

PREFIX = b"Photoshop 3.0\0"
_IPTC = 0x0404
# Beside the datasets: their digest, which follows from them.
_DIGEST = 0x0425


def iptc_of(resources: bytes) -> tuple[bytes | None, bool]:
    """The IPTC datasets, and whether there is anything else, such as a thumbnail or paths."""
    found, others = None, False
    for number, data in _resources(resources):
        if number == _IPTC and found is None:
            found = data or None
        elif number != _DIGEST:
            others = True
    return found, others


def with_iptc(datasets: bytes) -> bytes:
    """Resources that hold these datasets alone."""
    head = b"8BIM" + struct.pack(">HHI", _IPTC, 0, len(datasets))
    return head + datasets + b"\0" * (len(datasets) % 2)


def _resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and content of each; what is cut short ends them."""
    at = 0
    while data[at : at + 4] == b"8BIM" and at + 12 <= len(data):
        (number,) = struct.unpack_from(">H", data, at + 4)
        name = 1 + data[at + 6]
        start = at + 6 + name + name % 2
        if start + 4 > len(data):
            return
        (length,) = struct.unpack_from(">I", data, start)
        content = data[start + 4 : start + 4 + length]
        if len(content) < length:
            return
        yield number, content
        at = start + 4 + length + length % 2
