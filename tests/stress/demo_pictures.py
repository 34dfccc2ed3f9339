"""Pictures of every format and every kind of fault, and what the files' own way makes of each."""

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tifffile

from swinsr.demo.limits import Limits
from swinsr.errors import ImageReadError, ImageTooLargeError
from swinsr.files import Settings, convert_many
from swinsr.image import probe_image
from tests.image.image_files import pillow_bytes, png_bytes, png_chunk, smooth_samples, tiff_bytes
from tests.stress.fuzz_seeds import picture_seeds

MODEL, SCALE = "bicubic", 2.0
_COLOUR = smooth_samples(24, 32, 3)


@dataclass(frozen=True)
class Expected:
    """What the command does with a file.

    Attributes:
        written: the result's bytes; None where there is none.
        error: the sentence that is said instead, the file called by its name alone.
    """

    written: bytes | None
    error: str = ""


def pictures() -> dict[str, bytes]:
    """Files by name, sound and unsound."""
    return dict(_sound()) | dict(_faulty())


def expected(folder: Path, files: dict[str, bytes], limits: Limits) -> dict[str, Expected]:
    """What `swinsr.files` makes of each file, under the limits of a server.

    Args:
        folder: empty; files and results are written to it.
        files: by name.
        limits: of the server. What is above them it says in words of its own.
    """
    source, output = folder / "in", folder / "out"
    source.mkdir()
    for name, data in files.items():
        (source / name).write_bytes(data)
    settings = Settings(model=MODEL, scale=SCALE, max_pixels=limits.max_pixels)
    given = [source / name for name in files]
    found: dict[str, Expected] = {}
    for record in convert_many(given, output, settings):
        path = Path(record.input)
        if record.status == "done":
            found[path.name] = Expected(Path(record.output).read_bytes())
        else:
            told = str(record.error).replace(str(path), path.name)
            found[path.name] = Expected(None, _too_large(path, limits) or told)
    assert set(found) == set(files), set(files) - set(found)
    return found


def _too_large(path: Path, limits: Limits) -> str:
    """What a server says of a picture above its limit: the remedy is another than the command's."""
    try:
        header = probe_image(path)
        limits.check_input(path.name, header.height, header.width)
    except ImageTooLargeError as error:
        return str(error)
    except ImageReadError:
        return ""
    return ""


def _sound() -> Iterator[tuple[str, bytes]]:
    yield from picture_seeds().items()
    heights = np.linspace(300, 1400, 24 * 32, dtype=np.float32).reshape(24, 32)
    place = [(33550, "d", 3, (1.0, 1.0, 0.0)), (33922, "d", 6, (0.0, 0.0, 0.0, 5e5, 4e6, 0.0))]
    place.append((34735, "H", 8, (1, 1, 0, 1, 1024, 0, 1, 1)))
    yield "range.tif", tiff_bytes(heights)
    yield "below.tif", tiff_bytes(heights / 700 - 1)
    yield "geo.tif", tiff_bytes(_COLOUR, photometric="rgb", extratags=[(*t, True) for t in place])
    yield "geo_range.tif", tiff_bytes(heights, extratags=[(*t, True) for t in place])
    yield (
        "pages_float.tif",
        tiff_bytes(np.stack([heights, heights[::-1]]), photometric="minisblack"),
    )
    yield "twelve.tif", tiff_bytes(_COLOUR.astype(np.uint16) << 4, photometric="rgb")
    yield "ome.ome.tif", _described('<OME><Image><Pixels SizeX="32" SizeY="24"/></Image></OME>')
    yield "shaped.tif", _described('{"shape": [24, 32, 3]}')
    jpeg = pillow_bytes(_COLOUR, "JPEG", quality=90)
    yield "no_end.jpg", jpeg[:-2]
    yield "is_jpeg.png", jpeg
    yield "is_png.tif", png_bytes(_COLOUR, 8, 2)
    yield "is_webp.jpg", pillow_bytes(_COLOUR, "WEBP")
    yield "is_gif.bmp", pillow_bytes(_COLOUR, "GIF")
    bomb = zlib.compress(bytes(1 << 24), 9)
    yield "text_bombs.png", _png(*(png_chunk(b"zTXt", b"k%d\0\0" % n + bomb) for n in range(4)))
    yield "text_broken.png", _png(png_chunk(b"zTXt", b"a\0\0not deflated"))
    yield "text_nameless.png", _png(png_chunk(b"tEXt", b"\0" * 90), png_chunk(b"iTXt", b"a"))
    yield "text_markup.png", _png(png_chunk(b"tEXt", b"parameters\0<script>alert(1)</script>"))
    yield "profile_bomb.png", _png(png_chunk(b"iCCP", b"p\0\0" + bomb))
    yield "gamma.png", _png(png_chunk(b"gAMA", struct.pack(">I", 100_000)))


def _faulty() -> Iterator[tuple[str, bytes]]:
    whole = dict(_seeds_to_damage())
    for name, data in whole.items():
        stem, _, suffix = name.rpartition(".")
        yield f"{stem}_half.{suffix}", data[: len(data) // 2]
        yield f"{stem}_head.{suffix}", data[:40]
        spoiled = bytearray(data)
        middle = slice(len(data) // 3, len(data) // 3 + 64)
        spoiled[middle] = bytes(len(spoiled[middle]))
        yield f"{stem}_spoiled.{suffix}", bytes(spoiled)
    animated = whole["animated.png"]
    at = animated.rindex(b"fcTL") + 4  # of the last frame
    yield "frame_outside.png", _with_sum(animated, at, struct.pack(">III", 3, 9999, 9999))
    yield "frame_empty.png", _with_sum(animated, at, struct.pack(">III", 3, 0, 0))
    yield "frame_order.png", _with_sum(animated, at, struct.pack(">I", 77))
    count = animated.index(b"acTL") + 4
    yield "frames_claimed.png", _with_sum(animated, count, struct.pack(">I", 2_000_000_000))
    yield "frames_none.png", _with_sum(animated, count, bytes(4))
    size = _png().index(b"IHDR") + 4
    yield "huge.png", _with_sum(_png(), size, struct.pack(">II", 2**31 - 1, 2**31 - 1))
    yield "wide.png", _with_sum(_png(), size, struct.pack(">II", 2_000_000, 1))
    yield "sizeless.png", _with_sum(_png(), size, bytes(8))
    yield "taller.png", _with_sum(_png(), size, struct.pack(">II", 32, 400))
    bmp = pillow_bytes(_COLOUR, "BMP")
    yield "huge.bmp", bmp[:18] + struct.pack("<ii", 2**31 - 1, 2**31 - 1) + bmp[26:]
    yield "minus.bmp", bmp[:18] + struct.pack("<ii", -32, 24) + bmp[26:]
    gif = pillow_bytes(_COLOUR, "GIF")
    yield "huge.gif", gif[:6] + b"\xff\xff\xff\xff" + gif[10:]
    jpeg = pillow_bytes(_COLOUR, "JPEG")
    frame = jpeg.index(b"\xff\xc0") + 5
    yield "huge.jpg", jpeg[:frame] + b"\xff\xff\xff\xff" + jpeg[frame + 4 :]
    yield "empty.png", b""
    yield "one_byte.jpg", b"\xff"
    yield "zeros.tif", bytes(4096)
    yield "text.png", b"<script>alert(1)</script>" * 100
    yield "svg.png", b'<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>'
    yield "archive.jpg", b"PK\x03\x04" + bytes(400)
    yield "document.png", b"%PDF-1.7\n" + bytes(400)
    yield "checkpoint.png", struct.pack("<Q", 2) + b"{}"


def _seeds_to_damage() -> Iterator[tuple[str, bytes]]:
    wanted = (
        "rgb.png", "animated.png", "rgb.jpg", "progressive.jpg", "lossy.webp", "animated.webp",
        "rgb.bmp", "animated.gif", "lzw.tif", "pages.tif", "float.tif", "rgb.avif", "x.heic",
    )  # fmt: skip
    seeds = picture_seeds()
    yield from ((name, seeds[name]) for name in wanted if name in seeds)


def _png(*chunks: bytes) -> bytes:
    return png_bytes(_COLOUR, 8, 2, chunks=b"".join(chunks))


def _with_sum(png: bytes, at: int, data: bytes) -> bytes:
    """The file with `data` at `at`, within a chunk whose checksum is put right."""
    out = bytearray(png)
    out[at : at + len(data)] = data
    start = max(out.rfind(kind, 0, at + 1) for kind in (b"IHDR", b"acTL", b"fcTL"))
    (length,) = struct.unpack_from(">I", out, start - 4)
    end = start + 4 + length
    struct.pack_into(">I", out, end, zlib.crc32(out[start:end]))
    return bytes(out)


def _described(text: str) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, _COLOUR, photometric="rgb", description=text, metadata=None)
    return stream.getvalue()
