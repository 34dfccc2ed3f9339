"""EXIF blocks edited in place: fields are patched where they stand, all other bytes stay.

Rebuilding a block would move the camera maker's notes, whose inner offsets count from its start.
Source: CIPA DC-008 (Exif 2.32), sections 4.6.4 and 4.6.5.
"""

import io
import struct

from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.ifd import (
    EXIF_POINTER,
    GPS_POINTER,
    LONG,
    POINTERS,
    SHORT,
    Directory,
    IfdLayout,
    dump_directory,
    read_children,
    read_directory,
)
from swinsr.image.picture import Array

PREFIX = b"Exif\0\0"
ORIENTATION = 0x0112
_IMAGE_WIDTH, _IMAGE_HEIGHT = 0x0100, 0x0101
_PIXEL_X, _PIXEL_Y = 0xA002, 0xA003
_PLACES = (0x9214, 0xA214)  # SubjectArea, SubjectLocation: in pixels
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202
# Fields of a TIFF's first directory that describe the picture and not how it is stored:
# document, description, maker, model, orientation, page, software, date, artist, host computer,
# rating (twice), copyright, and what Windows stores: title, comment, author, keywords, subject.
DESCRIPTIVE = (
    269, 270, 271, 272, ORIENTATION, 285, 305, 306, 315, 316, 18246, 18249, 33432,
    40091, 40092, 40093, 40094, 40095,
)  # fmt: skip

# Size, resolution and how colour was stored: a TIFF has its own.
_OF_PIXELS = (
    254,
    256,
    257,
    258,
    259,
    262,
    277,
    282,
    283,
    284,
    296,
    317,
    318,
    319,
    529,
    530,
    531,
    532,
)


def orientation_of(block: bytes) -> int:
    """The orientation 1 to 8; 1 where the block has none or one that is not defined.

    Raises:
        DamagedError: the block's first directory cannot be read.
    """
    stream = io.BytesIO(block)
    layout = IfdLayout.of(stream)
    try:
        values = read_directory(stream, layout, layout.first).numbers(ORIENTATION, layout.order)
    except DamagedError:
        raise DamagedError("its EXIF block is damaged") from None
    return values[0] if len(values) == 1 and 1 <= values[0] <= 8 else 1


def with_orientation_reset(block: bytes) -> bytes:
    """The block with orientation 1 (top left), where it has the field.

    Raises:
        DamagedError: the block's first directory cannot be read.
    """
    editor = _Editor(block)
    editor.set(editor.main, ORIENTATION, 1)
    return bytes(editor.data)


def for_output(block: bytes, height: int, width: int) -> bytes:
    """The block as it belongs to an upright picture of another size.

    Orientation becomes 1, the size fields that are there are updated; the thumbnail of the old
    picture and places in its pixels go.

    Raises:
        DamagedError: the block's first directory cannot be read.
    """
    editor = _Editor(block)
    editor.set(editor.main, ORIENTATION, 1)
    editor.set(editor.main, _IMAGE_WIDTH, width)
    editor.set(editor.main, _IMAGE_HEIGHT, height)
    photo = editor.main.children.get(EXIF_POINTER)
    if photo is not None:
        editor.set(photo, _PIXEL_X, width)
        editor.set(photo, _PIXEL_Y, height)
    editor.drop_thumbnail()
    for tag in _PLACES:
        editor.drop(tag)
    return bytes(editor.data)


def states_places(block: bytes) -> bool:
    """Whether a block says where in the picture its subject is.

    Raises:
        DamagedError: the block's first directory cannot be read.
    """
    photo = _Editor(block).main.children.get(EXIF_POINTER)
    return photo is not None and any(tag in photo.entries for tag in _PLACES)


def has_thumbnail(block: bytes) -> bool:
    """Whether a block holds a second picture, a small copy.

    Raises:
        DamagedError: the block's first directory cannot be read.
    """
    return bool(_Editor(block).main.following)


def from_tiff(main: Directory, order: str) -> bytes | None:
    """An EXIF block of a TIFF file's descriptive fields and EXIF and GPS directories, or None.

    Args:
        main: the file's first directory, its children read.
        order: "<" or ">", the file's byte order.
    """
    kept = Directory(
        {tag: main.entries[tag] for tag in DESCRIPTIVE if tag in main.entries},
        {tag: main.children[tag] for tag in (EXIF_POINTER, GPS_POINTER) if tag in main.children},
    )
    if not kept.entries and not kept.children:
        return None
    head = struct.pack(order + "2sHI", b"II" if order == "<" else b"MM", 42, 8)
    return head + dump_directory(kept, IfdLayout(order, False, 8), 8)


def as_directory(block: bytes) -> Directory:
    """The descriptive fields and child directories of a block, for a TIFF of its byte order.

    Raises:
        DamagedError: the block's first directory cannot be read.
    """
    editor = _Editor(block)
    fields = {tag: e for tag, e in editor.main.entries.items() if tag in DESCRIPTIVE}
    return Directory(fields, editor.main.children)


def lost_in_tiff(block: bytes) -> tuple[int, ...]:
    """Fields of a block's first directory that `as_directory` leaves out.

    Raises:
        DamagedError: the block's first directory cannot be read.
    """
    main = _Editor(block).main
    return tuple(sorted(main.entries.keys() - {*DESCRIPTIVE, *POINTERS, *_OF_PIXELS}))


class _Editor:
    """A block, its directories, and changes that do not move anything."""

    def __init__(self, block: bytes) -> None:
        self.data = bytearray(block)
        self.stream = io.BytesIO(block)
        self.layout = IfdLayout.of(self.stream)
        if self.layout.big:
            raise DamagedError("an EXIF block in the BigTIFF form")
        self.main = read_directory(self.stream, self.layout, self.layout.first)
        read_children(self.stream, self.layout, self.main)

    def set(self, directory: Directory, tag: int, value: int) -> None:
        """Store one number in a field that is there, as LONG where SHORT is too small."""
        entry = directory.entries.get(tag)
        if entry is None:
            return
        kind = SHORT if entry.kind == SHORT and value <= 65535 else LONG
        code = "HHIHxx" if kind == SHORT else "HHII"
        struct.pack_into(self.layout.order + code, self.data, entry.position, tag, kind, 1, value)

    def drop(self, tag: int) -> None:
        """Take a field out of the directory of photographic fields; the ones behind it move up."""
        photo = self.main.children.get(EXIF_POINTER)
        if photo is None or tag not in photo.entries:
            return
        size = 12
        at, end = photo.entries[tag].position, photo.following_position
        self.data[at : end + 4] = self.data[at + size : end + 4] + bytes(size)
        count = (end - photo.start) // size - 1
        struct.pack_into(self.layout.order + "H", self.data, photo.start - 2, count)
        self.stream = io.BytesIO(bytes(self.data))
        self.main = read_directory(self.stream, self.layout, self.layout.first)
        read_children(self.stream, self.layout, self.main)

    def drop_thumbnail(self) -> None:
        """Unlink the second directory, blank its JPEG, and cut it off where it stands last."""
        if not self.main.following:
            return
        struct.pack_into(self.layout.order + "I", self.data, self.main.following_position, 0)
        try:
            second = read_directory(self.stream, self.layout, self.main.following)
            start = second.numbers(_THUMBNAIL_OFFSET, self.layout.order)
            length = second.numbers(_THUMBNAIL_LENGTH, self.layout.order)
        except DamagedError:
            return
        if len(start) != 1 or len(length) != 1 or start[0] + length[0] > len(self.data):
            return
        if any(start[0] <= at < start[0] + length[0] for at in self._used()):
            return  # it overlaps what is kept: the offsets are not to be trusted
        if len(self.data) - (start[0] + length[0]) < 4:
            del self.data[start[0] :]
        else:
            self.data[start[0] : start[0] + length[0]] = bytes(length[0])

    def _used(self) -> list[int]:
        """Where kept entries and their outlying values begin."""
        found = [0]
        pending = [self.main]
        while pending:
            directory = pending.pop()
            pending += directory.children.values()
            for entry in directory.entries.values():
                found.append(entry.position)
                if len(entry.value) > 4 or entry.tag in POINTERS:
                    at = struct.unpack_from(self.layout.order + "I", self.data, entry.position + 8)
                    found.append(int(at[0]))
        return found


def upright(array: Array, orientation: int) -> Array:
    """Turn (H, W, ...) stored with an EXIF orientation 1 to 8 the way it is meant to be seen."""
    if orientation >= 5:
        array = array.swapaxes(0, 1)
    # After the transposition: which of the axes still run backwards.
    if orientation in (3, 4, 7, 8):
        array = array[::-1]
    if orientation in (2, 3, 6, 7):
        array = array[:, ::-1]
    return array
