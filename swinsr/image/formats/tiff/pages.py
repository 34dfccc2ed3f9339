"""The pages of a TIFF, one at a time."""

import io
import struct
from collections.abc import Iterator

from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.form import Format, Header, check_size
from swinsr.image.formats.ifd import Directory, IfdLayout, read_directory
from swinsr.image.limits import Limit
from swinsr.image.picture import Image

_NEW_SUBFILE_TYPE, _REDUCED = 254, 1


def page_offsets(data: bytes) -> list[tuple[int, int]]:
    """Where each page's directory stands, and the number that points to the next.

    Raises:
        DamagedError: a page's directory cannot be read.
    """
    stream = io.BytesIO(data)
    layout = IfdLayout.of(stream)
    offset, seen, pages = layout.first, set[int](), list[tuple[int, int]]()
    while offset and offset not in seen:
        seen.add(offset)
        try:
            directory = read_directory(stream, layout, offset, (_NEW_SUBFILE_TYPE,))
        except DamagedError:
            if not pages:
                raise
            raise DamagedError(f"page {len(pages) + 1} is damaged") from None
        if not pages or not _is_reduced(directory, layout.order):
            pages.append((offset, directory.following_position))
        offset = directory.following
    return pages


def decode_pages(data: bytes, form: Format, limit: Limit) -> Iterator[Image]:
    """Each page decoded as if it were the file's only one.

    Args:
        data: the file.
        form: what reads a page.
        limit: asked for each page.
    """
    layout = IfdLayout.of(io.BytesIO(data))
    code, at = ("Q", 8) if layout.big else ("I", 4)
    for offset, following in page_offsets(data):
        edited = bytearray(data)
        struct.pack_into(layout.order + code, edited, at, offset)
        if following + struct.calcsize(code) <= len(edited):
            struct.pack_into(layout.order + code, edited, following, 0)
        page = bytes(edited)
        height, width = form.size(io.BytesIO(page), page[:64])
        limit.check(height, width)
        image = form.read(page, Header(form.name, height, width), limit)
        yield check_size(image, height, width)


def _is_reduced(directory: Directory, order: str) -> bool:
    """A smaller copy of another page: one level of a pyramid, or a thumbnail."""
    kind = directory.numbers(_NEW_SUBFILE_TYPE, order)
    return bool(kind and kind[0] & _REDUCED)
