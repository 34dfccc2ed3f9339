"""Files that say something beside their pixels."""

import io
import struct
import zlib
from collections.abc import Iterator

import numpy as np
import tifffile
from PIL import Image as PilImage

from swinsr.image import encode_image
from tests.image.holding_files import (
    AVIF,
    BMP,
    COLOUR,
    GIF,
    HEIC,
    IPTC,
    IRB,
    JPEG,
    PNG,
    TIFF,
    WEBP,
    XMP,
    Case,
    animation,
    chunks,
    exif_of,
    into_gif,
    opened,
    png,
    saved,
    tags_of,
    tiff,
    times,
    with_exif,
    with_segment,
    with_xmp,
)
from tests.image.image_files import exif_bytes, pillow_bytes, png_chunk, tiff_bytes


def description_cases() -> Iterator[Case]:
    kind = "orientation"
    block = exif_bytes(6, 24, 32)
    for form in (PNG, JPEG, WEBP, AVIF, HEIC):
        data = saved(form, exif=b"Exif\0\0" + block)
        yield Case(
            kind,
            form,
            data,
            lambda d: None if opened(d).size == (48, 64) and exif_of(d).get(274, 1) == 1 else False,
        )
    yield Case(
        kind,
        TIFF,
        pillow_bytes(COLOUR, "TIFF", tiffinfo={274: 6}),
        lambda d: None if opened(d).size == (48, 64) and tags_of(d).get(274, 1) == 1 else False,
    )
    kind = "resolution"
    for form in (PNG, JPEG, TIFF, BMP):
        yield Case(
            kind,
            form,
            saved(form, dpi=(300, 150)),
            lambda d: bool(
                np.allclose([float(v) for v in opened(d).info["dpi"]], (300, 150), atol=0.02)
            ),
        )
    yield Case(
        "text",
        PNG,
        png(
            png_chunk(b"tEXt", b"Copyright\0Anna"),
            png_chunk(b"iTXt", b"Title\0\0\0fr\0Titre\0" + "Côte".encode()),
        ),
        lambda d: (
            opened(d).info.get("Copyright") == "Anna" and opened(d).info.get("Title") == "Côte"
        ),
    )
    yield Case(
        "comment",
        JPEG,
        with_segment(saved(JPEG), 0xFE, b"Boats"),
        lambda d: opened(d).info.get("comment") == b"Boats",
    )
    yield Case(
        "comment",
        GIF,
        into_gif(b"\x21\xfe\x05Boats\0"),
        lambda d: opened(d).info.get("comment") == b"Boats",
    )
    kind = "IPTC"
    yield Case(kind, JPEG, with_segment(saved(JPEG), 0xED, IRB), lambda d: IPTC in d)
    yield Case(
        kind, TIFF, tiff(extratags=[(33723, "B", len(IPTC), IPTC, True)]), lambda d: IPTC in d
    )
    digits = b"\niptc\n      %d\n" % len(IRB[14:]) + IRB[14:].hex().encode() + b"\n"
    raw = b"Raw profile type iptc\0\0" + zlib.compress(digits)
    yield Case(
        kind,
        PNG,
        png(png_chunk(b"zTXt", raw)),
        lambda d: IPTC.hex() in opened(d).info.get("Raw profile type iptc", "").replace("\n", ""),
    )
    kind = "XMP"
    plain = XMP % b""
    for form in (PNG, JPEG, WEBP, TIFF, AVIF, HEIC):
        yield Case(kind, form, with_xmp(form, plain), lambda d: b"Boats" in d)
    yield Case(
        kind,
        GIF,
        into_gif(b"\x21\xff\x0bXMP DataXMP" + plain + b"\1" + bytes(range(255, -1, -1)) + b"\0"),
        lambda d: b"Boats" in d,
    )
    for form in (PNG, JPEG, WEBP, TIFF, AVIF, HEIC):
        yield Case(
            "sizes in XMP and EXIF",
            form,
            with_xmp(form, plain),
            lambda d: (
                None if b'tiff:ImageWidth="64"' in d and b'tiff:ImageWidth="32"' not in d else False
            ),
        )
    upright = exif_bytes(1, 24, 32)
    for form in (PNG, JPEG, WEBP, AVIF, HEIC):
        data = saved(form, exif=b"Exif\0\0" + upright)
        yield Case(
            "EXIF",
            form,
            data,
            lambda d: exif_of(d).get(271) == "Acme Optics" and 0x9003 in exif_of(d).get_ifd(0x8769),
        )
        yield Case("GPS", form, data, lambda d: exif_of(d).get_ifd(0x8825).get(1) == "N")
        if form != AVIF:  # Pillow's writer drops it
            yield Case("EXIF thumbnail", form, data, lambda d: b"THUMBNAIL" in d)
    stream = io.BytesIO()
    encode_image(stream, with_exif(upright), TIFF)
    yield Case("EXIF", TIFF, stream.getvalue(), lambda d: tags_of(d)[271] == "Acme Optics")
    yield Case("GPS", TIFF, stream.getvalue(), lambda d: 34853 in tags_of(d))


def other_cases() -> Iterator[Case]:
    kind = "further pictures"
    directory = (
        b"MM\0*" + struct.pack(">IH", 8, 1) + struct.pack(">HHII", 0xB001, 4, 1, 2) + bytes(4)
    )
    second = with_segment(saved(JPEG), 0xE2, b"MPF\0" + directory) + saved(JPEG)
    yield Case(kind, JPEG, second, lambda d: d.count(b"\xff\xd8\xff") > 1)
    stream = io.BytesIO()
    with tifffile.TiffWriter(stream) as writer:
        writer.write(COLOUR, photometric="rgb", subifds=1, metadata=None)
        writer.write(COLOUR[::2, ::2], photometric="rgb", subfiletype=1, metadata=None)
    yield Case(kind, TIFF, stream.getvalue(), lambda d: 330 in tags_of(d))
    import pillow_heif

    file = pillow_heif.from_pillow(PilImage.fromarray(COLOUR))
    file.add_from_pillow(PilImage.fromarray(COLOUR[::-1].copy()))
    stream = io.BytesIO()
    file.save(stream, save_all=True)
    yield Case(
        kind, HEIC, stream.getvalue(), lambda d: len(pillow_heif.open_heif(io.BytesIO(d))) > 1
    )
    kind = "gain map"
    gain = with_xmp(JPEG, XMP % b' hdrgm:Version="1.0"')
    yield Case(kind, JPEG, gain, lambda d: b"hdrgm" in d)
    kind = "animation and its times"
    for form, name in ((PNG, "PNG"), (GIF, "GIF"), (WEBP, "WEBP")):
        yield Case(kind, form, animation(name), lambda d: times(d) == [50, 120, 300])
    yield Case(kind, AVIF, animation("AVIF"), lambda d: len(times(d)) == 3)
    pages = tiff_bytes(np.stack([COLOUR, COLOUR[::-1]]), photometric="rgb")
    yield Case("pages", TIFF, pages, lambda d: len(tifffile.TiffFile(io.BytesIO(d)).pages) == 2)
    geo = [(33550, "d", 3, (10.0, 10.0, 0.0), True)]
    yield Case("GeoTIFF", TIFF, tiff(extratags=geo), lambda d: 33550 in tags_of(d))
    shaped = io.BytesIO()
    tifffile.imwrite(shaped, COLOUR)
    yield Case("a description of the layout", TIFF, shaped.getvalue(), lambda d: 270 in tags_of(d))
    kind = "Photoshop's settings, unknown blocks"
    settings = b"Photoshop 3.0\x008BIM\x03\xed\0\0" + struct.pack(">I", 2) + b"ab"
    yield Case(kind, JPEG, with_segment(saved(JPEG), 0xED, settings), lambda d: b"8BIM" in d)
    yield Case(kind, PNG, png(png_chunk(b"tIME", bytes(7))), lambda d: b"tIME" in chunks(d))
    yield Case(
        kind, TIFF, tiff(extratags=[(65000, "H", 1, 7, True)]), lambda d: 65000 in tags_of(d)
    )
    webp = saved(WEBP)
    odd = b"odd " + struct.pack("<I", 4) + b"abcd"
    webp = webp[:4] + struct.pack("<I", len(webp) - 8 + len(odd)) + webp[8:] + odd
    yield Case(kind, WEBP, webp, lambda d: b"odd " in d)
    yield Case(kind, GIF, into_gif(b"\x21\xff\x0bUNKNOWNABC1\x02ab\0"), lambda d: b"UNKNOWN" in d)
