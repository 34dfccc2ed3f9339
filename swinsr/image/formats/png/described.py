"""What the ancillary chunks of a PNG say: what is carried on, and what is left out with a note.

Source: PNG specification, third edition (W3C, 2025), section 11.3; the profiles in hexadecimal
digits are ImageMagick's.
"""

import re
import struct
import zlib

from swinsr.image.formats import photoshop
from swinsr.image.picture import Metadata, Text

_COLOUR = (b"gAMA", b"cHRM", b"sRGB", b"cICP", b"mDCV", b"cLLI")
# How pixels are stored, or means of doing so.
_STORAGE = {
    b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS", b"acTL", b"fcTL", b"fdAT", b"hIST", b"sPLT",
    b"sBIT", b"iDOT", b"fRAc", b"CgBI",
}  # fmt: skip
_KNOWN = {*_STORAGE, *_COLOUR, b"iCCP", b"eXIf", b"pHYs"}
_LONGEST = 1 << 25  # bytes that a profile or a text is inflated to
_ALL_TEXTS = 1 << 26  # and all of them
_XMP = "XML:com.adobe.xmp"
_PROFILE = "Raw profile type "
# What programs for thumbnails say of the picture that was made smaller.
_OF_OLD = re.compile(r"Thumb::|exif:(Pixel[XY]Dimension|Image(Width|Length))$|png:")
_MOST_NAMED = 6


class _Inflater:
    """Inflates what is compressed, within limits for one and for all."""

    def __init__(self) -> None:
        self._left = _ALL_TEXTS

    def __call__(self, packed: bytes) -> bytes | None:
        """The content; None where it is damaged or too long."""
        most = min(_LONGEST, self._left)
        if not most:
            return None
        try:
            stream = zlib.decompressobj()
            data = stream.decompress(packed, most)
        except zlib.error:
            return None
        self._left -= len(data)
        return data if stream.eof else None


def described(
    found: dict[bytes, memoryview],
    texts: list[tuple[bytes, memoryview]],
    damaged: list[bytes],
) -> tuple[Metadata, tuple[str, ...]]:
    """What goes on with the picture, and a sentence on each thing that does not.

    Args:
        found: the first chunk of each kind but pixel data and texts.
        texts: the kind and content of text chunks.
        damaged: kinds of chunks with a wrong checksum; IEND where the file lacks it.
    """
    inflate, notes = _Inflater(), list[str]()
    if b"IEND" in damaged:
        notes.append("its end is missing, but all of its pixels are there")
    broken = sorted({kind.decode("latin-1") for kind in damaged} - {"IEND"})
    if broken:
        notes.append(f"its damaged chunks {_named(broken)} were left out")
    icc = None
    if b"iCCP" in found:
        _, _, packed = bytes(found[b"iCCP"]).partition(b"\0")
        icc = inflate(packed[1:]) or None
        if icc is None:
            notes.append("its colour profile was left out, as it is damaged or too long")
    exif = bytes(found[b"eXIf"]) if b"eXIf" in found else None
    kept, profiles, lost = _read_texts(texts, inflate)
    exif = profiles.get("exif") if exif is None else exif
    if exif is not None:
        exif = exif.removeprefix(b"Exif\0\0") or None
    iptc, others = photoshop.iptc_of(profiles.get("8bim", b""))
    own: bytes | None = profiles.get("iptc")
    if own is not None and own.startswith(b"8BIM"):
        own, more = photoshop.iptc_of(own)
        others = others or more
    if others:
        notes.append("its Photoshop settings were left out, as they are of the old picture")
    if lost:
        notes.append(
            f"its texts {_named(lost)} were left out, as they are damaged or of the old file"
        )
    unknown = sorted(kind.decode("latin-1") for kind in found.keys() - _KNOWN)
    if unknown:
        notes.append(f"its chunks {_named(unknown)} were left out, as they are of the old file")
    dpi = _dpi(found.get(b"pHYs", memoryview(b"")), notes)
    colour = tuple((kind, bytes(found[kind])) for kind in _COLOUR if kind in found)
    metadata = Metadata(
        icc, exif, profiles.get("xmp") or None, dpi, colour, tuple(kept), iptc or own or None
    )
    return metadata, tuple(notes)


def _named(names: list[str]) -> str:
    return ", ".join(names[:_MOST_NAMED]) + (", ..." if len(names) > _MOST_NAMED else "")


def _read_texts(
    texts: list[tuple[bytes, memoryview]], inflate: _Inflater
) -> tuple[list[Text], dict[str, bytes], list[str]]:
    """Texts, profiles by name (the first of each), and keywords of what is left out."""
    kept, profiles, lost = list[Text](), dict[str, bytes](), list[str]()
    for kind, body in texts:
        raw, _, rest = bytes(body).partition(b"\0")
        keyword = raw[:79].decode("latin-1")
        language, translated, packed = b"", b"", kind == b"zTXt"
        if kind == b"zTXt":
            rest = rest[1:]
        elif kind == b"iTXt":
            packed = rest[:1] == b"\1"
            language, _, rest = rest[2:].partition(b"\0")
            translated, _, rest = rest.partition(b"\0")
        content = inflate(rest) if packed else rest
        if content is None or _OF_OLD.match(keyword):
            lost.append(keyword)
        elif kind == b"iTXt" and keyword == _XMP:
            profiles.setdefault("xmp", content)
        elif kind != b"iTXt" and keyword.startswith(_PROFILE):
            name = keyword.removeprefix(_PROFILE).lower()
            name = "exif" if name == "app1" and b"45786966" in content[:64] else name
            value = _hexadecimal(content)
            if value is None or name not in ("exif", "iptc", "8bim", "xmp"):
                lost.append(keyword)
            else:
                profiles.setdefault(name, value)
        else:
            wide = kind == b"iTXt"
            kept.append(
                Text(
                    keyword,
                    content.decode("utf-8" if wide else "latin-1", "replace"),
                    language.decode("latin-1"),
                    translated.decode("utf-8", "replace"),
                )
            )
    return kept, profiles, lost


def _dpi(body: memoryview, notes: list[str]) -> tuple[float, float] | None:
    if len(body) != 9:
        return None
    x, y, unit = struct.unpack(">IIB", body)
    if unit == 1 and x and y:
        return (x * 0.0254, y * 0.0254)  # stored per metre
    if x != y:
        notes.append(f"that its pixels are not square ({x}:{y}) was left out")
    return None


def _hexadecimal(text: bytes) -> bytes | None:
    """ImageMagick's form of a block: name, length, then hexadecimal digits."""
    parts = text.split(maxsplit=2)
    try:
        return bytes.fromhex(parts[2].decode("ascii")) if len(parts) == 3 else None
    except ValueError:
        return None
