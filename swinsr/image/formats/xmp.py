"""XMP packets edited in place: sizes are updated, and what speaks of other pictures is taken out.

Source: XMP specification, part 1 (Adobe, 2012) for the forms of a property; Exif, TIFF and camera
schemas of part 2; Google's Container, GCamera, GDepth and GPano; Adobe's and Apple's gain maps.
"""

import re

# Properties of the file that was read: its further pictures, depth, film, panorama and gain map.
_UNTRUE = (
    rb"(?:hdrgm|HDRGainMap|GCamera|GDepth|GImage|GAudio|GPano|Container|Item|apdi|depthData):[\w-]+"
    rb"|Device:Container|xmp:Thumbnails|xmpNote:HasExtendedXMP"
)
_ATTRIBUTE = re.compile(rb"\s(?:" + _UNTRUE + rb")\s*=\s*(?:\"[^\"]*\"|'[^']*')")
_OPENING = re.compile(rb"<(" + _UNTRUE + rb")(?:\s[^<>]*)?/?>")
_LONGEST, _MOST = 1 << 20, 1000  # bytes that are searched, elements that are taken out
# A number as an attribute or as an element.
_VALUE = rb"(\s*=\s*[\"']|>)\s*\d+\s*(?=[\"'<])"
_WIDTH = re.compile(rb"((?:tiff:ImageWidth|exif:PixelXDimension))" + _VALUE)
_HEIGHT = re.compile(rb"((?:tiff:ImageLength|exif:PixelYDimension))" + _VALUE)


def for_output(packet: bytes, height: int, width: int) -> tuple[bytes | None, tuple[str, ...]]:
    """The packet as it belongs to a picture of another size, and what was left out of it.

    Args:
        packet: in UTF-8; in other encodings nothing is found in it.
        height, width: of the picture.

    Returns:
        The packet, or None where it is too much to be searched; and a sentence or none.
    """
    packet = _WIDTH.sub(rb"\g<1>\g<2>%d" % width, packet)
    packet = _HEIGHT.sub(rb"\g<1>\g<2>%d" % height, packet)
    if not (_ATTRIBUTE.search(packet) or _OPENING.search(packet)):
        return packet, ()
    kept = _without(packet) if len(packet) <= _LONGEST else None
    if kept is None:
        return None, ("the XMP packet was left out, as it is of other pictures in the old file",)
    return kept, ("what XMP says of other pictures in the old file was left out",)


def speaks_of_gain_map(packet: bytes) -> bool:
    """Whether a packet is of a picture with a gain map."""
    return b"hdrgm:" in packet or b"HDRGainMap:" in packet


def _without(packet: bytes) -> bytes | None:
    """The packet without untrue properties; None where they are too many or do not end."""
    parts, position = [], 0
    for _ in range(_MOST):
        found = _OPENING.search(packet, position)
        if found is None:
            parts.append(packet[position:])
            return _ATTRIBUTE.sub(b"", b"".join(parts))
        parts.append(packet[position : found.start()])
        position = found.end()
        if found[0].endswith(b"/>"):
            continue
        closing = b"</" + found[1] + b">"
        end = packet.find(closing, position)
        if end < 0:
            return None
        position = end + len(closing)
    return None
