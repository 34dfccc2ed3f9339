"""Image file directories, the tables that TIFF files and EXIF blocks are made of.

Values are kept as the raw bytes of the file, so that what is copied stays as it was.
Source: TIFF revision 6.0, section 2; BigTIFF as described in the libtiff documentation.
"""

import struct
from collections.abc import Container, Iterable
from dataclasses import dataclass, field
from typing import BinaryIO

from swinsr.image.formats.faults import DamagedError

# Bytes of one value, by field type.
VALUE_BYTES = {
    1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4,
    16: 8, 17: 8, 18: 8,
}  # fmt: skip
_UNSIGNED = {1: "B", 3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}
SHORT, LONG, LONG8 = 3, 4, 16

EXIF_POINTER, GPS_POINTER, INTEROP_POINTER = 0x8769, 0x8825, 0xA005
POINTERS = (EXIF_POINTER, GPS_POINTER, INTEROP_POINTER)


@dataclass(frozen=True)
class IfdLayout:
    """How numbers and tables of one file are stored: "<" or ">", classic or BigTIFF."""

    order: str
    big: bool
    first: int  # offset of the first directory

    @classmethod
    def of(cls, stream: BinaryIO) -> "IfdLayout":
        """Read the header at the start of the stream.

        Raises:
            DamagedError: not a TIFF header.
        """
        head = _read(stream, 0, 8)
        order = {b"II": "<", b"MM": ">"}.get(head[:2], "")
        magic = struct.unpack(order + "H", head[2:4])[0] if order else 0
        if magic == 42:
            return cls(order, False, int(struct.unpack(order + "I", head[4:])[0]))
        if magic == 43:
            return cls(order, True, int(struct.unpack(order + "Q", _read(stream, 8, 8))[0]))
        raise DamagedError("no TIFF header")


@dataclass(frozen=True)
class IfdEntry:
    """One field: its values as raw bytes, and where in the file the entry itself stands."""

    tag: int
    kind: int
    count: int
    value: bytes
    position: int = -1

    def numbers(self, order: str) -> tuple[int, ...]:
        """The values as unsigned integers.

        Raises:
            DamagedError: the field is of another type.
        """
        if self.kind not in _UNSIGNED:
            raise DamagedError(f"tag {self.tag} is not of an integer type")
        return struct.unpack(f"{order}{self.count}{_UNSIGNED[self.kind]}", self.value)


@dataclass
class Directory:
    """One directory, the directories that its pointers lead to, and the offset of the next."""

    entries: dict[int, IfdEntry] = field(default_factory=dict)
    children: dict[int, "Directory"] = field(default_factory=dict)
    following: int = 0
    following_position: int = -1
    start: int = -1  # of the first entry

    def numbers(self, tag: int, order: str) -> tuple[int, ...]:
        """Values of a field, or () where there is none."""
        entry = self.entries.get(tag)
        return entry.numbers(order) if entry is not None else ()


def read_directory(
    stream: BinaryIO, layout: IfdLayout, offset: int, only: Container[int] | None = None
) -> Directory:
    """Read the directory at `offset`, without following its pointers.

    Args:
        stream: seekable.
        layout: of it.
        offset: of the directory.
        only: the fields that are wanted, where not all are.

    Raises:
        DamagedError: the table or a value of it lies outside the stream, or the values are more
            than the stream could hold side by side.
    """
    count_code, table_code, offset_code, inline = _codes(layout)
    count_bytes = struct.calcsize("=" + count_code)
    number = struct.unpack(layout.order + count_code, _read(stream, offset, count_bytes))[0]
    if number > 65535:
        raise DamagedError(f"a directory claims {number} entries")
    size = struct.calcsize("=" + table_code) + inline
    start = offset + count_bytes
    table = _read(stream, start, number * size)
    room = stream.seek(0, 2)
    found = Directory(following_position=start + number * size, start=start)
    for index in range(number):
        raw = table[index * size : (index + 1) * size]
        tag, kind, count = struct.unpack(layout.order + table_code, raw[:-inline])
        if kind not in VALUE_BYTES or (only is not None and tag not in only):
            continue  # readers skip field types they do not know (TIFF 6.0, section 2)
        length = count * VALUE_BYTES[kind]
        if length <= inline:
            value = raw[-inline:][:length]
        else:
            where = struct.unpack(layout.order + offset_code, raw[-inline:])[0]
            room -= length
            if room < 0:
                raise DamagedError("its fields claim more than the file holds")
            value = _read(stream, where, length)
        found.entries.setdefault(tag, IfdEntry(tag, kind, count, value, start + index * size))
    tail = _read_up_to(stream, found.following_position, inline)
    if len(tail) == inline:
        found.following = struct.unpack(layout.order + offset_code, tail)[0]
    return found


def read_children(
    stream: BinaryIO, layout: IfdLayout, directory: Directory, pointers: Iterable[int] = POINTERS
) -> None:
    """Fill in the EXIF, GPS and interoperability directories; damaged ones are left out.

    Args:
        stream, layout: as for `read_directory`.
        directory: the first one.
        pointers: what is followed; from the EXIF directory that of interoperability alone, so that
            one which points to itself ends.
    """
    for tag in pointers:
        try:
            where = directory.numbers(tag, layout.order)
            if len(where) != 1:
                continue
            child = read_directory(stream, layout, where[0])
        except DamagedError:
            continue
        child.following = 0
        if tag == EXIF_POINTER:
            read_children(stream, layout, child, (INTEROP_POINTER,))
        directory.children[tag] = child


def dump_directory(directory: Directory, layout: IfdLayout, base: int) -> bytes:
    """A directory that will stand at `base` (even), its values and children behind it."""
    count_code, table_code, offset_code, inline = _codes(layout)
    fields = {tag: e for tag, e in directory.entries.items() if tag not in POINTERS}
    tags = sorted({*fields, *directory.children})
    row = struct.calcsize("=" + table_code) + inline
    cursor = base + struct.calcsize("=" + count_code) + row * len(tags) + inline
    table, behind = [struct.pack(layout.order + count_code, len(tags))], []
    for tag in tags:
        pointer = struct.pack(layout.order + offset_code, cursor)
        if tag in directory.children:
            kind, count, value = (LONG8 if layout.big else LONG), 1, pointer
            block = dump_directory(directory.children[tag], layout, cursor)
        else:
            kind, count, value = fields[tag].kind, fields[tag].count, fields[tag].value
            block = value if len(value) > inline else b""
            value = pointer if block else value.ljust(inline, b"\0")
        table.append(struct.pack(layout.order + table_code, tag, kind, count) + value)
        block += b"\0" * (len(block) % 2)
        behind.append(block)
        cursor += len(block)
    following = struct.pack(layout.order + offset_code, directory.following)
    return b"".join([*table, following, *behind])


def _codes(layout: IfdLayout) -> tuple[str, str, str, int]:
    """Struct codes of the number of entries, of an entry without its value, of an offset; bytes."""
    return ("Q", "HHQ", "Q", 8) if layout.big else ("H", "HHI", "I", 4)


def _read_up_to(stream: BinaryIO, offset: int, length: int) -> bytes:
    stream.seek(offset)
    return stream.read(length)


def _read(stream: BinaryIO, offset: int, length: int) -> bytes:
    if offset >= 1 << 63 or length >= 1 << 31:
        raise DamagedError("an offset or a length beyond every file")
    data = _read_up_to(stream, offset, length)
    if len(data) != length:
        raise DamagedError("a table lies beyond the end of the file")
    return data
