"""Numbers and whole files out of streams."""

import struct
from typing import BinaryIO

from swinsr.image.formats.faults import DamagedError


def unpack(code: str, data: bytes, offset: int = 0) -> tuple[int, ...]:
    """Numbers of a header.

    Raises:
        DamagedError: the data ends before them.
    """
    if offset + struct.calcsize(code) > len(data):
        raise DamagedError("it ends within its header")
    return struct.unpack_from(code, data, offset)


def whole(stream: BinaryIO) -> bytes:
    """All bytes of a stream, from its start."""
    stream.seek(0)
    return stream.read()
