"""What a TIFF says beside its pixels: what is carried on, and what is left out with a note.

Source: TIFF revision 6.0; OGC GeoTIFF 1.1, section 7; the Exif tags of CIPA DC-008.
"""

import json
import re
import struct

from swinsr.image.formats import exif, photoshop
from swinsr.image.formats.ifd import POINTERS, Directory, IfdEntry, IfdLayout
from swinsr.image.formats.pillow.images import sane_dpi
from swinsr.image.picture import Metadata

ICC, XMP, IPTC, PHOTOSHOP, SUBFILES = 34675, 700, 33723, 34377, 330
_DESCRIPTION = 270
# How pixels are stored, where the file's parts lie, and resolution, which has its own form.
_STORAGE = {
    254, 255, 256, 257, 258, 259, 262, 263, 264, 265, 266, 273, 274, 277, 278, 279, 280, 281, 282,
    283, 284, 288, 289, 290, 291, 292, 293, 296, 297, 317, 318, 319, 320, 321, 322, 323, 324, 325,
    326, 327, 328, 332, 334, 338, 339, 340, 341, 347, 512, 513, 514, 515, 517, 518, 519, 520, 521,
    529, 530, 531, 532,
}  # fmt: skip
_GEOREFERENCE = {33550, 33920, 33922, 34264, 34735, 34736, 34737, 42112, 42113}
_MOST_NAMED = 6


def described(
    main: Directory, file: IfdLayout, height: int, width: int
) -> tuple[Metadata, tuple[str, ...]]:
    """What goes on with the picture, and a sentence on each thing that does not.

    Args:
        main: the picture's directory, its children read.
        file: how numbers are stored.
        height, width: of the picture, which no text that goes on may state.
    """
    notes: list[str] = []
    entries = dict(main.entries)
    if _DESCRIPTION in entries and _states_layout(entries[_DESCRIPTION], height, width):
        del entries[_DESCRIPTION]
        notes.append("its description was left out, as it states the old picture's size or layout")
    if _GEOREFERENCE & entries.keys():
        notes.append(
            "its georeferencing (GeoTIFF) was left out, as it is of the old pixels; "
            "`swinsr raster` keeps it"
        )
    if SUBFILES in entries:
        count = entries[SUBFILES].count
        notes.append(f"further pictures in it ({count}) were left out")
    resources = entries.get(PHOTOSHOP)
    iptc, others = photoshop.iptc_of(resources.value if resources is not None else b"")
    if others:
        notes.append("its Photoshop settings were left out, as they are of the old picture")
    known = {*_STORAGE, *_GEOREFERENCE, *exif.DESCRIPTIVE, *POINTERS}
    known |= {ICC, XMP, IPTC, PHOTOSHOP, SUBFILES}
    unknown = sorted(entries.keys() - known)
    if unknown:
        named = ", ".join(map(str, unknown[:_MOST_NAMED]))
        more = ", ..." if len(unknown) > _MOST_NAMED else ""
        notes.append(f"its fields {named}{more} were left out, as they are not known here")
    icc, xmp = entries.get(ICC), entries.get(XMP)
    metadata = Metadata(
        icc=icc.value if icc is not None else None,
        exif=exif.from_tiff(Directory(entries, main.children), file.order),
        xmp=xmp.value.rstrip(b"\0") or None if xmp is not None else None,
        dpi=_dpi(main, file.order),
        iptc=_iptc(entries.get(IPTC), file.order) or iptc,
    )
    return metadata, tuple(notes)


def _states_layout(entry: IfdEntry, height: int, width: int) -> bool:
    """Whether a description is of the pixels' layout and not of what they show.

    tifffile, OME, ImageJ and slide scanners write such ones; they are untrue of a larger picture.
    """
    text = entry.value.rstrip(b"\0 \r\n").decode("utf-8", "replace")
    if text.startswith("{"):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return '"shape"' in text
        return isinstance(found, dict) and "shape" in found
    if text.startswith("ImageJ=") or ("<OME" in text[:4096] and "<Pixels" in text):
        return True
    return re.search(rf"\b{width}\s*[xX\u00d7*]\s*{height}\b", text) is not None


def _iptc(entry: IfdEntry | None, order: str) -> bytes | None:
    """The datasets; some writers store them as 32-bit numbers of the file's byte order."""
    if entry is None:
        return None
    value = entry.value
    if entry.kind == 4 and value[:1] != b"\x1c":
        value = struct.pack(f">{entry.count}I", *struct.unpack(f"{order}{entry.count}I", value))
    return value.rstrip(b"\0") or None


def _dpi(main: Directory, order: str) -> tuple[float, float] | None:
    unit = main.numbers(296, order)[:1] or (2,)
    per_inch = {2: 1.0, 3: 2.54}.get(unit[0])
    x, y = main.entries.get(282), main.entries.get(283)
    if per_inch is None or x is None or y is None:
        return None
    parts = []
    for entry in (x, y):
        if entry.kind != 5 or entry.count != 1:
            return None
        top, bottom = struct.unpack(order + "II", entry.value)
        parts.append(per_inch * top / bottom if bottom else 0.0)
    return sane_dpi(tuple(parts))
