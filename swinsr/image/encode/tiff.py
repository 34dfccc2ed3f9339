"""TIFF: pixels by tifffile; profile, EXIF and XMP by rewriting the directory it leaves."""

import struct
from typing import BinaryIO, Literal

import tifffile

from swinsr.image import exif, ifd
from swinsr.image.picture import Image
from swinsr.image.pil import interleave

_CLASSIC_LIMIT = 4_000_000_000  # bytes; offsets in a classic TIFF have 32 bits
_LEVEL = 4  # within 4% of the size at 6, and five times as fast
_ICC, _XMP = 34675, 700
_BYTE, _UNDEFINED = 1, 7


def encode_tiff(stream: BinaryIO, image: Image) -> None:
    """Write 8 or 16-bit or float gray or RGB, alpha not premultiplied, Deflate with a predictor.

    Above 4 GB the file is a BigTIFF.

    Args:
        stream: empty, writable, readable and seekable.
        image: its EXIF block, if any, must be sound.
    """
    samples = interleave(image.pixels, image.alpha)
    # That of the EXIF block, whose values are copied as they are.
    order: Literal["<", ">"] = ">" if (image.metadata.exif or b"").startswith(b"MM") else "<"
    tifffile.imwrite(
        stream,
        samples,
        bigtiff=samples.nbytes > _CLASSIC_LIMIT,
        byteorder=order,
        photometric="minisblack" if image.is_gray else "rgb",
        planarconfig="contig" if samples.ndim == 3 else None,
        extrasamples=["unassalpha"] if image.alpha is not None else None,
        compression="zlib",
        compressionargs={"level": _LEVEL},
        predictor=image.bits != 32,  # the one for floats needs a further package
        resolution=image.metadata.dpi,
        resolutionunit="inch" if image.metadata.dpi is not None else None,
        metadata=None,
        software=False,
    )
    _add_metadata(stream, image)


def _add_metadata(stream: BinaryIO, image: Image) -> None:
    """Append a directory with the old fields and the new, and point the file to it."""
    layout = ifd.Layout.of(stream)
    main = ifd.read_directory(stream, layout, layout.first)
    added = ifd.Directory()
    if image.metadata.exif is not None:
        added = exif.as_directory(image.metadata.exif)
    for tag, kind, value in (
        (_ICC, _UNDEFINED, image.metadata.icc),
        (_XMP, _BYTE, image.metadata.xmp),
    ):
        if value is not None:
            added.entries[tag] = ifd.Entry(tag, kind, len(value), value)
    if not added.entries and not added.children:
        return
    merged = ifd.Directory({**added.entries, **main.entries}, added.children)
    end = stream.seek(0, 2)
    base = end + end % 2
    stream.write(b"\0" * (base - end) + ifd.dump_directory(merged, layout, base))
    stream.seek(8 if layout.big else 4)
    stream.write(struct.pack(layout.order + ("Q" if layout.big else "I"), base))
