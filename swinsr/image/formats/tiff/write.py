"""TIFF: pixels by tifffile; profile, EXIF and XMP by rewriting the directories it leaves."""

import struct
from collections.abc import Iterable
from typing import Any, BinaryIO, Literal

import tifffile

from swinsr.image.formats import exif, ifd
from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.pillow.images import interleave
from swinsr.image.formats.tiff.fields import ICC, IPTC, XMP
from swinsr.image.picture import Array, Image, Metadata

CLASSIC_LIMIT = 4_000_000_000  # bytes; offsets in a classic TIFF have 32 bits
_LEVEL = 4  # within 4% of the size at 6, and five times as fast
_BYTE, _UNDEFINED, _FLOAT = 1, 7, 11


def losses(image: Image) -> tuple[str, ...]:
    """A sentence on EXIF fields that do not go along, or none."""
    try:
        lost = exif.lost_in_tiff(image.metadata.exif) if image.metadata.exif is not None else ()
    except DamagedError:
        return ()  # the whole block is left out, with a note
    if not lost:
        return ()
    named = ", ".join(map(str, lost[:6])) + (", ..." if lost[6:] else "")
    return (f"the EXIF fields {named} were left out, as TIFF has no place for them",)


def encode_tiff(stream: BinaryIO, image: Image) -> None:
    """Write one picture; see `encode_tiff_pages`."""
    encode_tiff_pages(stream, [image], 1)


def encode_tiff_pages(stream: BinaryIO, pages: Iterable[Image], count: int) -> None:
    """Write 8 or 16-bit or float gray or RGB, alpha not premultiplied, Deflate with a predictor.

    Where the pages may come to more than 4 GB the file is a BigTIFF.

    Args:
        stream: empty, writable, readable and seekable.
        pages: their EXIF blocks, if any, must be sound; that of the first is written.
        count: how many there are.
    """
    metadata: list[Metadata] = []
    writer: tifffile.TiffWriter | None = None
    for page in pages:
        samples = interleave(page.pixels, page.alpha)
        if writer is None:
            big = count * samples.nbytes > CLASSIC_LIMIT
            order = byte_order(page.metadata)
            writer = tifffile.TiffWriter(stream, bigtiff=big, byteorder=order)
        _write_page(writer, page, samples, paged=count > 1)
        metadata.append(page.metadata)
    if writer is not None:
        writer.close()
        add_metadata(stream, metadata)


def byte_order(metadata: Metadata) -> Literal["<", ">"]:
    """That of the EXIF block, whose values are copied as they are."""
    return ">" if (metadata.exif or b"").startswith(b"MM") else "<"


def layout_options(page: Image) -> dict[str, Any]:
    """How tifffile is to write a page: all but its pixels."""
    samples = page.channels + (page.alpha is not None)
    # A range other than 0 to 1 is a fact that readers, and we ourselves, would have to guess.
    stated = page.bits == 32 and page.range != (0.0, 1.0)
    # Pillow swaps the bytes of compressed floats of the other byte order twice.
    packed = page.bits != 32 or byte_order(page.metadata) == "<"
    ranges = [(340, page.low), (341, page.high)] if stated else []
    return {
        "photometric": "minisblack" if page.is_gray else "rgb",
        "planarconfig": None if page.is_gray and page.alpha is None else "contig",
        "extrasamples": ["unassalpha"] if page.alpha is not None else None,
        "compression": "zlib" if packed else None,
        "compressionargs": {"level": _LEVEL} if packed else None,
        "predictor": page.bits != 32,  # the one for floats needs a further package
        "resolution": page.metadata.dpi,
        "resolutionunit": "inch" if page.metadata.dpi is not None else None,
        "metadata": None,
        "software": False,
        "extratags": [(tag, _FLOAT, samples, (end,) * samples, True) for tag, end in ranges],
    }


def _write_page(writer: "tifffile.TiffWriter", page: Image, samples: Array, *, paged: bool) -> None:
    writer.write(samples, subfiletype=2 if paged else 0, **layout_options(page))


def add_metadata(stream: BinaryIO, metadata: list[Metadata]) -> None:
    """Append directories with the old fields and the new, and point the file to them."""
    layout = ifd.IfdLayout.of(stream)
    code = layout.order + ("Q" if layout.big else "I")
    places, offset = [8 if layout.big else 4], layout.first
    directories: list[ifd.Directory] = []
    for _ in metadata:
        directory = ifd.read_directory(stream, layout, offset)
        directories.append(directory)
        places.append(directory.following_position)
        offset = directory.following
    # From the last to the first, so that each new one knows where the next stands.
    following = 0
    for number in reversed(range(len(metadata))):
        main = directories[number]
        added = _fields(metadata[number], with_exif=number == 0)
        if not added.entries and not added.children:
            stream.seek(places[number + 1])
            stream.write(struct.pack(code, following))
            following = _start_of(main, layout)
            continue
        merged = ifd.Directory({**added.entries, **main.entries}, added.children, following)
        end = stream.seek(0, 2)
        following = end + end % 2
        stream.write(b"\0" * (end % 2) + ifd.dump_directory(merged, layout, following))
    stream.seek(places[0])
    stream.write(struct.pack(code, following))


def _start_of(directory: ifd.Directory, layout: ifd.IfdLayout) -> int:
    first = min(entry.position for entry in directory.entries.values())
    return first - (8 if layout.big else 2)  # behind the number of entries


def _fields(metadata: Metadata, *, with_exif: bool) -> ifd.Directory:
    fields = ifd.Directory()
    if with_exif and metadata.exif is not None:
        fields = exif.as_directory(metadata.exif)
    for tag, kind, value in (
        (ICC, _UNDEFINED, metadata.icc),
        (XMP, _BYTE, metadata.xmp),
        (IPTC, _UNDEFINED, metadata.iptc),
    ):
        if value is not None:
            fields.entries[tag] = ifd.IfdEntry(tag, kind, len(value), value)
    return fields
