"""What a HEIC or AVIF file says beside its main picture's pixels.

Source: ISO/IEC 23008-12, sections 6.4 to 6.6 (items, references, properties); ISO/IEC 14496-12,
section 12.1.5 (colour); ISO/TS 21496-1 and Apple's and Adobe's gain maps.
"""

from dataclasses import replace

from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.heif.boxes import associated, boxes, number
from swinsr.image.picture import Metadata

_CODED = (b"hvc1", b"av01", b"grid", b"iden", b"iovl", b"jpeg", b"hvt1", b"avc1")
_METADATA = (b"Exif", b"mime", b"uri ")
_OF_PARTS = (b"dimg", b"thmb", b"auxl", b"prem")
_ALPHA = (b"alpha", b"auxid:1\0")
_UNSPECIFIED, _BT709, _SRGB_CURVES = 2, 1, (1, 2, 6, 13)


def described(data: bytes, metadata: Metadata) -> tuple[Metadata, tuple[str, ...]]:
    """What goes on with the picture, and a sentence on what does not.

    Args:
        data: the file.
        metadata: what its decoder found.
    """
    try:
        meta = _meta(data)
        main = number(data, meta[b"pitm"][0] + 4, 2 if data[meta[b"pitm"][0]] == 0 else 4)
        colour = _cicp(data, meta, main)
        others = _others(data, meta, main)
    except (DamagedError, KeyError, IndexError):
        return metadata, ()  # the decoder has read it all the same
    if colour is not None and metadata.icc is None:
        metadata = replace(metadata, png_colour=((b"cICP", colour),))
    if not others:
        return metadata, ()
    return metadata, (f"left out, as it is of the old file: {', '.join(others)}",)


def _meta(data: bytes) -> dict[bytes, tuple[int, int]]:
    start, end = dict(boxes(data, 0, len(data), first_only=True))[b"meta"]
    return dict(boxes(data, start + 4, end, first_only=True))


def _others(data: bytes, meta: dict[bytes, tuple[int, int]], main: int) -> list[str]:
    """Further items, in words."""
    kinds = _kinds(data, meta)
    references = _references(data, meta)
    parts = {item for kind, _, targets in references if kind == b"dimg" for item in targets}
    small = {source for kind, source, _ in references if kind == b"thmb"}
    helping = {source for kind, source, _ in references if kind == b"auxl"}
    found = []
    gain = any(kind == b"tmap" for kind in kinds.values())
    depths = 0
    for item in helping:
        name = _auxiliary(data, meta, item)
        gain = gain or b"gainmap" in name
        depths += not any(mark in name for mark in (*_ALPHA, b"gainmap"))
    own = {main, *parts, *small, *helping}
    further = sum(kind in _CODED and item not in own for item, kind in kinds.items())
    unknown = sum(kind not in (*_CODED, *_METADATA, b"tmap") for kind in kinds.values())
    if small:
        found.append("a thumbnail")
    if gain:
        found.append("a gain map for bright screens")
    if depths:
        found.append(f"depth and other maps ({depths})")
    if further:
        found.append(f"further pictures ({further})")
    if unknown:
        found.append(f"unknown items ({unknown})")
    return found


def _kinds(data: bytes, meta: dict[bytes, tuple[int, int]]) -> dict[int, bytes]:
    """The type of each item."""
    start, end = meta[b"iinf"]
    start += 6 if data[start] == 0 else 8
    found = {}
    for kind, (at, _) in boxes(data, start, end):
        if kind == b"infe" and data[at] >= 2:
            size = 2 if data[at] == 2 else 4
            found[number(data, at + 4, size)] = data[at + 6 + size : at + 10 + size]
    return found


def _references(
    data: bytes, meta: dict[bytes, tuple[int, int]]
) -> list[tuple[bytes, int, list[int]]]:
    """Kind, item and the items that it refers to."""
    if b"iref" not in meta:
        return []
    start, end = meta[b"iref"]
    size = 2 if data[start] == 0 else 4
    found = []
    for kind, (at, stop) in boxes(data, start + 4, end):
        if kind in _OF_PARTS:
            count = number(data, at + size, 2)
            first = at + size + 2
            if first + count * size > stop:
                raise DamagedError("a reference in it is cut short")
            targets = [number(data, first + i * size, size) for i in range(count)]
            found.append((kind, number(data, at, size), targets))
    return found


def _properties(
    data: bytes, meta: dict[bytes, tuple[int, int]], item: int
) -> list[tuple[bytes, tuple[int, int]]]:
    inside = dict(boxes(data, *meta[b"iprp"], first_only=True))
    listed = list(boxes(data, *inside[b"ipco"]))
    numbers = associated(data, inside[b"ipma"], item)
    return [listed[index - 1] for index in numbers if 1 <= index <= len(listed)]


def _auxiliary(data: bytes, meta: dict[bytes, tuple[int, int]], item: int) -> bytes:
    """The name of what an auxiliary picture is."""
    for kind, (start, end) in _properties(data, meta, item):
        if kind == b"auxC":
            return data[start + 4 : end].lower()
    return b""


def _cicp(data: bytes, meta: dict[bytes, tuple[int, int]], main: int) -> bytes | None:
    """PNG's form of a colour description that is not sRGB's; None where there is no such."""
    for kind, (start, end) in _properties(data, meta, main):
        if kind == b"colr" and data[start : start + 4] == b"nclx" and start + 11 <= end:
            primaries, transfer = number(data, start + 4, 2), number(data, start + 6, 2)
            usual = primaries in (_BT709, _UNSPECIFIED) and transfer in _SRGB_CURVES
            if usual or primaries > 255 or transfer > 255:
                return None
            return bytes([primaries, transfer, 0, 1])  # RGB, of the full range
    return None
