"""Size and kind of HEIC and AVIF pictures, from the boxes before their data.

Source: ISO/IEC 14496-12 (boxes) and ISO/IEC 23008-12 (pictures in them), sections 6.5.3 and 9.3.
"""

import struct
from collections.abc import Iterator

from swinsr.image.formats.faults import DamagedError, UnsupportedError

_HEIC = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_AVIF = (b"avif", b"avis")


def kind_of(head: bytes) -> str | None:
    """ "HEIC" or "AVIF" by the brands of the first box; None for other files of such boxes.

    Args:
        head: the file's first bytes, 64 or more where there are so many.
    """
    if head[4:8] != b"ftyp":
        return None
    (length,) = struct.unpack_from(">I", head)
    brands = [head[at : at + 4] for at in (8, *range(16, min(length, len(head)) - 3, 4))]
    if any(brand in _AVIF for brand in brands):
        return "AVIF"
    return "HEIC" if any(brand in _HEIC for brand in brands) else None


def size_of(data: bytes) -> tuple[int, int]:
    """Height and width of the main picture, before any turn.

    Raises:
        DamagedError: boxes are cut short or contradict each other.
        UnsupportedError: a film without a picture.
    """
    top = dict(boxes(data, 0, len(data), first_only=True))
    if b"meta" not in top and b"moov" in top:
        raise UnsupportedError("a film and not a picture; take a frame out of it first")
    if b"meta" not in top:
        raise DamagedError("it names no main picture")
    start, end = top[b"meta"]
    meta = dict(boxes(data, start + 4, end, first_only=True))
    if b"iprp" not in meta or b"pitm" not in meta:
        raise DamagedError("it names no main picture")
    version = data[meta[b"pitm"][0]]
    main = number(data, meta[b"pitm"][0] + 4, 2 if version == 0 else 4)
    properties = dict(boxes(data, *meta[b"iprp"], first_only=True))
    if b"ipco" not in properties or b"ipma" not in properties:
        raise DamagedError("its main picture has no properties")
    listed = list(boxes(data, *properties[b"ipco"]))
    numbers = associated(data, properties[b"ipma"], main)
    own = dict(listed[index - 1] for index in numbers if 1 <= index <= len(listed))
    if b"ispe" not in own:
        raise DamagedError("its main picture has no size")
    at = own[b"ispe"][0]
    width, height = number(data, at + 4, 4), number(data, at + 8, 4)
    if b"clap" in own:  # coded in whole blocks, of which a part is shown
        at = own[b"clap"][0]
        across, down = (
            number(data, at + i, 4) // max(number(data, at + i + 4, 4), 1) for i in (0, 8)
        )
        width, height = min(across, width), min(down, height)
    return height, width


def associated(data: bytes, span: tuple[int, int], main: int) -> list[int]:
    """Numbers of the properties that belong to an item.

    Raises:
        DamagedError: it has none.
    """
    at, end = span
    version, wide = data[at], data[at + 3] & 1
    entries = number(data, at + 4, 4)
    at += 8
    for _ in range(entries):
        if at + 3 > end:
            break
        size = 2 if version < 1 else 4
        item, count = number(data, at, size), number(data, at + size, 1)
        at += size + 1
        width = 2 if wide else 1
        if item == main:
            mask = 0x7FFF if wide else 0x7F
            return [number(data, at + i * width, width) & mask for i in range(count)]
        at += count * width
    raise DamagedError("its main picture has no properties")


def boxes(
    data: bytes, at: int, end: int, *, first_only: bool = False
) -> Iterator[tuple[bytes, tuple[int, int]]]:
    """Kind, and where the content begins and ends. A cut box at the end ends with the data.

    Raises:
        DamagedError: a box has no size.
    """
    seen: set[bytes] = set()
    while at + 8 <= end:
        length, kind = number(data, at, 4), data[at + 4 : at + 8]
        head = 8
        if length == 1:
            length, head = number(data, at + 8, 8), 16
        elif length == 0:
            length = end - at
        if length < head:
            raise DamagedError("a box in it has no size")
        if not (first_only and kind in seen):
            yield kind, (at + head, min(at + length, end))
        seen.add(kind)
        at += length


def number(data: bytes, at: int, size: int) -> int:
    """An unsigned number of so many bytes.

    Raises:
        DamagedError: the data ends before it.
    """
    if at + size > len(data):
        raise DamagedError("it ends within its header")
    return int.from_bytes(data[at : at + size], "big")
