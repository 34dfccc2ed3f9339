"""Makers of picture files that hold one thing, and of looks into what is written."""

import io
import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import tifffile
from PIL import Image as PilImage

from swinsr.image import Image
from swinsr.image.formats.table import ALL
from tests.image.image_files import pillow_bytes, png_bytes, png_chunk, smooth_samples, tiff_bytes

COLOUR = smooth_samples(24, 32, 3)
ALPHA = smooth_samples(24, 32, 1)[..., 0]
XMP = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    b'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" '
    b'tiff:ImageWidth="32" dc:title="Boats"%s/></rdf:RDF></x:xmpmeta>'
)
IPTC = b"\x1c\x02\x78\x00\x05Boats\x1c\x02\x50\x00\x04Anna"
IRB = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(IPTC)) + IPTC
PNG, JPEG, WEBP, TIFF, BMP, GIF, AVIF, HEIC = ALL


@dataclass(frozen=True)
class Case:
    """A file that holds something, and how to find that in another file.

    Attributes:
        kind: what it is.
        form: of the file.
        data: the file.
        found: whether it is there in a file of the same format, in the same form; None where it is
            there in another.
    """

    kind: str
    form: str
    data: bytes
    found: Callable[[bytes], bool | None]


def opened(data: bytes) -> PilImage.Image:
    if data[4:8] == b"ftyp":
        import pillow_heif

        pillow_heif.register_heif_opener()
    picture = PilImage.open(io.BytesIO(data))
    picture.load()
    return picture


def chunks(data: bytes) -> dict[bytes, bytes]:
    found, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        found[data[at + 4 : at + 8]] = data[at + 8 : at + 8 + length]
        at += 12 + length
    return found


def png(*parts: bytes) -> bytes:
    return png_bytes(COLOUR, 8, 2, chunks=b"".join(parts))


def with_segment(data: bytes, marker: int, body: bytes) -> bytes:
    """A JPEG with one more segment, behind its first."""
    at = 4 + int.from_bytes(data[4:6], "big")
    return data[:at] + struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body + data[at:]


def saved(form: str, **options: Any) -> bytes:
    """As Pillow, or its package for HEIC, writes it."""
    name = {AVIF: "AVIF", HEIC: "HEIF", WEBP: "WEBP"}.get(form, form)
    if form == HEIC:
        import pillow_heif

        pillow_heif.register_heif_opener()
    if form == WEBP:
        options["lossless"] = True
    return pillow_bytes(options.pop("samples", COLOUR), name, **options)


def tiff(**options: Any) -> bytes:
    return tiff_bytes(
        options.pop("samples", COLOUR), photometric=options.pop("photometric", "rgb"), **options
    )


def animation(form: str) -> bytes:
    frames = [PilImage.fromarray(np.roll(COLOUR, 5 * i, 1)) for i in range(3)]
    stream = io.BytesIO()
    options = {"save_all": True, "append_images": frames[1:], "duration": [50, 120, 300]}
    frames[0].save(stream, form, **options)
    return stream.getvalue()


def times(data: bytes) -> list[int]:
    with PilImage.open(io.BytesIO(data)) as picture:
        found = []
        for number in range(getattr(picture, "n_frames", 1)):
            picture.seek(number)
            picture.load()
            found.append(round(picture.info.get("duration", 0)))
        return found


def exif_of(data: bytes) -> PilImage.Exif:
    return opened(data).getexif()


def tags_of(data: bytes) -> dict[int, Any]:
    with tifffile.TiffFile(io.BytesIO(data)) as file:
        return {tag.code: tag.value for tag in file.pages[0].tags.values()}


def with_exif(block: bytes) -> Image:
    from swinsr.image import Metadata

    return Image(COLOUR, metadata=Metadata(exif=block))


def with_xmp(form: str, packet: bytes) -> bytes:
    if form == PNG:
        return png(png_chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + packet))
    if form == TIFF:
        return tiff(extratags=[(700, "B", len(packet), packet, True)])
    return saved(form, xmp=packet)


def into_gif(block: bytes) -> bytes:
    """A GIF with one more block, behind its colours."""
    data = saved(GIF)
    at = 13 + (3 << (data[10] & 7) + 1)
    return data[:at] + block + data[at:]


def bmp_with_profile(profile: bytes) -> bytes:
    rows = COLOUR[::-1, :, ::-1].tobytes()
    head = struct.pack("<IiiHHIIiiII", 124, 32, 24, 1, 24, 0, len(rows), 0, 0, 0, 0)
    head += (
        bytes(16) + b"DEBM" + bytes(48) + struct.pack("<IIII", 4, 124 + len(rows), len(profile), 0)
    )
    return (
        b"BM"
        + struct.pack("<IHHI", 138 + len(rows) + len(profile), 0, 0, 138)
        + head
        + rows
        + profile
    )
