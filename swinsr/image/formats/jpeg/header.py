"""The size of a JPEG, from its segments.

Source: ITU-T T.81, section B.1.1 and table B.1.
"""

from typing import BinaryIO

from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.packing import unpack

_SKIPPABLE = 65536  # bytes of rubbish allowed between segments


def size_of(stream: BinaryIO) -> tuple[int, int]:
    """Height and width from the frame header.

    Raises:
        DamagedError: there is none.
    """
    stream.seek(2)
    skipped = 0
    while skipped < _SKIPPABLE:
        byte = stream.read(1)
        if byte == b"\xff":
            while byte == b"\xff":  # any number of fill bytes may precede a marker
                byte = stream.read(1)
                skipped += 1
        elif byte:
            skipped += 1
            continue
        if not byte:
            break
        marker = byte[0]
        if marker in (0x00, 0x01) or 0xD0 <= marker <= 0xD8:
            continue  # stand-alone markers, without a length
        if marker in (0xD9, 0xDA):
            raise DamagedError("its picture data begins before any size was given")
        head = stream.read(7)
        (length,) = unpack(">H", head)
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = unpack(">HH", head, 3)
            return height, width
        stream.seek(max(length, 2) - len(head), 1)
        skipped = 0
    raise DamagedError("it ends within its header")
