"""What a TIFF file's first directory says, checked before any decoder sees the file."""

import io
import struct
import zlib
from dataclasses import dataclass
from math import isfinite
from typing import BinaryIO

from swinsr.image.formats import exif
from swinsr.image.formats.faults import DamagedError, UnsupportedError
from swinsr.image.formats.ifd import SHORT, Directory, IfdLayout, read_children, read_directory
from swinsr.image.formats.tiff.fields import described
from swinsr.image.picture import Metadata

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB = 0, 1, 2, 3, 5, 6, 8
_KNOWN = (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, PALETTE, CMYK, YCBCR, LAB)
_COLOURS = {WHITE_IS_ZERO: 1, BLACK_IS_ZERO: 1, PALETTE: 1, CMYK: 4}
_UNSIGNED, _FLOAT = 1, 3
DEFLATE = (8, 32946)
_DNG_VERSION = 50706


@dataclass(frozen=True)
class TiffLayout:
    """How the first picture of a file is stored."""

    height: int
    width: int
    bits: int
    samples: int  # per pixel, alpha and others included
    photometric: int
    compression: int
    predictor: int
    contiguous: bool  # samples of a pixel side by side, not in planes
    alpha: int | None  # ExtraSamples value of the alpha channel: 1 premultiplied, 2 not
    alpha_at: int  # which of a pixel's samples that is
    order: str  # "<" or ">"
    stated: tuple[float, float] | None  # smallest and largest sample that the file speaks of
    main: Directory
    orientation_at: int | None  # position of the orientation's value in the file
    metadata: Metadata
    notes: tuple[str, ...]


def describe(data: bytes, max_pixels: int | None) -> TiffLayout:
    """Read and check the first directory.

    Raises:
        DamagedError: it is cut short or contradicts itself.
        UnsupportedError: camera raw, or samples that are no gray or colour picture.
    """
    return _describe(io.BytesIO(data), len(data), max_pixels, data)


def describe_file(stream: BinaryIO) -> TiffLayout:
    """The same of an open file, whose pixel data is not looked at.

    Raises:
        as `describe`.
    """
    return _describe(stream, stream.seek(0, 2), None, None)


def _describe(
    stream: BinaryIO, size: int, max_pixels: int | None, data: bytes | None
) -> TiffLayout:
    file = IfdLayout.of(stream)
    main = read_directory(stream, file, file.first)
    read_children(stream, file, main)

    def one(tag: int, default: int) -> int:
        values = main.numbers(tag, file.order)
        return values[0] if values else default

    width, height, samples = one(256, 0), one(257, 0), one(277, 1)
    bits = main.numbers(258, file.order) or (1,)
    if _DNG_VERSION in main.entries:
        raise UnsupportedError("a camera raw file; develop it to a TIFF or JPEG first")
    photometric = one(262, BLACK_IS_ZERO)
    if photometric not in _KNOWN:
        raise UnsupportedError(
            f"its pixels (TIFF photometric {photometric}) are not read; convert it to RGB"
        )
    if len(set(bits)) != 1 or samples > 8:
        raise UnsupportedError(
            f"its {samples} samples of {sorted(set(bits))} bits are no gray or colour picture; "
            "convert it to RGB"
        )
    formats = set(main.numbers(339, file.order)) or {_UNSIGNED}
    if bits[0] > 8:
        _check_deep(bits[0], formats, photometric)
    elif formats != {_UNSIGNED}:
        raise UnsupportedError("its samples are signed; convert it to unsigned 8 bit")
    rows, columns = _check_ranges(main, file.order, size, height, width, max_pixels)
    if data is not None and one(259, 1) in DEFLATE:
        _check_inflated(main, file.order, data, rows * -(-columns * samples * bits[0] // 8))

    notes: list[str] = []
    extra = main.numbers(338, file.order)
    spare = samples - _COLOURS.get(photometric, 3)
    if spare < 0:
        raise DamagedError(f"{samples} samples are too few for its kind of colour")
    alpha, alpha_at = _alpha(extra[:spare], spare, photometric)
    if spare > (alpha is not None):
        notes.append("its extra channels, which are not transparency, were left out")
    if main.following:
        notes.append("it has several pages; only the first was read")
    metadata, left = described(main, file, height, width)
    notes += left
    return TiffLayout(
        height,
        width,
        bits[0],
        samples,
        photometric,
        one(259, 1),
        one(317, 1),
        samples == 1 or one(284, 1) == 1,
        alpha,
        samples - spare + alpha_at,
        file.order,
        _stated(main, file.order),
        main,
        _orientation_at(main, file),
        metadata,
        tuple(notes),
    )


def _orientation_at(main: Directory, file: IfdLayout) -> int | None:
    entry = main.entries.get(exif.ORIENTATION)
    if entry is None or entry.kind != SHORT:
        return None
    return entry.position + (12 if file.big else 8)


def _check_deep(bits: int, formats: set[int], photometric: int) -> None:
    """Refuse what is no gray, RGB or CMYK of 9 to 16 bits or of floats."""
    if photometric not in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK):
        raise UnsupportedError(
            f"its {bits}-bit pixels (TIFF photometric {photometric}) are not read; "
            "convert it to RGB"
        )
    if not (formats == {_UNSIGNED} and bits <= 16) and not (
        formats == {_FLOAT} and bits in (16, 32, 64)
    ):
        raise UnsupportedError(
            f"its {bits}-bit samples are not read; convert it to 8 bit, 16 bit or float"
        )


def _check_ranges(
    main: Directory, order: str, size: int, height: int, width: int, max_pixels: int | None
) -> tuple[int, int]:
    """Every strip or tile must lie within the file: decoders fill what is missing with zeros.

    Returns:
        Rows and columns of one strip or tile.
    """
    tiled = 324 in main.entries
    offsets = main.numbers(324 if tiled else 273, order)
    counts = main.numbers(325 if tiled else 279, order)
    if not offsets or len(offsets) != len(counts):
        raise DamagedError("its table of strips or tiles is missing or incomplete")
    if any(at + count > size or not count for at, count in zip(offsets, counts, strict=True)):
        raise DamagedError("its pixel data ends early")
    if tiled:
        across, down = main.numbers(322, order), main.numbers(323, order)
        if len(across) != 1 or len(down) != 1 or not across[0] or not down[0]:
            raise DamagedError("its tiles have no size")
        if across[0] * down[0] > max(height * width, max_pixels or 1 << 28):
            raise DamagedError("its tiles are larger than the picture")
        part = down[0], across[0]
        needed = -(-height // down[0]) * -(-width // across[0])
    else:
        stated = main.numbers(278, order) or (height,)
        rows = min(stated[0], height) or height
        part = rows, width
        needed = -(-height // rows)
    if len(offsets) < needed:
        raise DamagedError("its table of strips or tiles is too short")
    return part


def _check_inflated(main: Directory, order: str, data: bytes, expected: int) -> None:
    """No strip or tile may inflate beyond its size: tifffile would take memory for all of it."""
    tiled = 324 in main.entries
    offsets = main.numbers(324 if tiled else 273, order)
    counts = main.numbers(325 if tiled else 279, order)
    view = memoryview(data)
    for at, count in zip(offsets, counts, strict=True):
        stream = zlib.decompressobj()
        got, pending = 0, view[at : at + count]
        while pending and not stream.eof and got <= expected:
            got += len(stream.decompress(pending, 1 << 20))
            pending = memoryview(stream.unconsumed_tail)
        if got > expected + 64:  # writers may round up a little
            raise DamagedError("its compressed data is larger than the picture")


def _alpha(extra: tuple[int, ...], spare: int, photometric: int) -> tuple[int | None, int]:
    """The ExtraSamples value of the alpha channel, and which of the spare samples it is.

    Without the field the first is taken for alpha, but for inks: there it is one more ink.
    """
    if spare and not extra and photometric != CMYK:
        return 2, 0
    return next(((kind, at) for at, kind in enumerate(extra) if kind in (1, 2)), (None, 0))


def _stated(main: Directory, order: str) -> tuple[float, float] | None:
    """SMinSampleValue and SMaxSampleValue, over all channels."""
    found: list[float] = []
    for tag in (340, 341):
        entry = main.entries.get(tag)
        code = {11: "f", 12: "d"}.get(entry.kind) if entry is not None else None
        if entry is None or code is None or not entry.count:
            return None
        values = struct.unpack(f"{order}{entry.count}{code}", entry.value)
        found.append(min(values) if tag == 340 else max(values))
    low, high = found
    return (low, high) if isfinite(low) and isfinite(high) and low <= high else None
