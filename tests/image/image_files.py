"""Makers of picture files and of their parts, independent of the code that is tested."""

import io
import struct
import zlib
from typing import Any

import cv2
import numpy as np
import tifffile
from PIL import Image as PilImage
from PIL import ImageCms

from tests.helpers.profiles import profile

ADAM7 = [(0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2)]
ADAM7.append((1, 0, 2, 1))


def random_samples(shape: tuple[int, ...], dtype: Any, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def smooth_samples(height: int, width: int, channels: int) -> np.ndarray:
    """uint8 ramps, which JPEG keeps nearly unchanged."""
    y, x = np.mgrid[0:height, 0:width]
    planes = [x * 200 / width + 20, y * 200 / height + 30, (x + y) * 90 / (height + width) + 60]
    return np.stack(planes[:channels], axis=2).astype(np.uint8)


def png_chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_bytes(
    samples: np.ndarray,  # (H, W, samples per pixel), values below 2 ** depth
    depth: int,
    colour_type: int,
    *,
    chunks: bytes = b"",
    interlaced: bool = False,
) -> bytes:
    """A PNG without filters, in any depth; `chunks` stand before the pixel data."""
    height, width = samples.shape[:2]
    head = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, interlaced)
    raw = b""
    for row, column, down, across in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        part = samples[row::down, column::across]
        if part.size:
            raw += b"".join(b"\0" + _png_row(line, depth) for line in part)
    body = png_chunk(b"IHDR", head) + chunks + png_chunk(b"IDAT", zlib.compress(raw))
    return b"\x89PNG\r\n\x1a\n" + body + png_chunk(b"IEND", b"")


def _png_row(line: np.ndarray, depth: int) -> bytes:
    if depth == 16:
        return line.astype(">u2").tobytes()
    bits = np.unpackbits(line.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - depth :]
    return np.packbits(bits.reshape(-1)).tobytes()


def pillow_bytes(samples: np.ndarray, form: str, mode: str | None = None, **options: Any) -> bytes:
    stream = io.BytesIO()
    picture = PilImage.fromarray(np.squeeze(samples, 2) if samples.shape[2:] == (1,) else samples)
    if mode is not None:
        picture = picture.convert(mode)
    picture.save(stream, form, **options)
    return stream.getvalue()


def cmyk_jpeg(inks: np.ndarray, **options: Any) -> bytes:
    """(H, W, 4) uint8 inks as an Adobe CMYK JPEG."""
    stream = io.BytesIO()
    PilImage.frombytes("CMYK", inks.shape[1::-1], inks.tobytes()).save(stream, "JPEG", **options)
    return stream.getvalue()


def tiff_bytes(samples: np.ndarray, **options: Any) -> bytes:
    stream = io.BytesIO()
    tifffile.imwrite(stream, samples, metadata=None, **options)
    return stream.getvalue()


def opencv_tiff(samples: np.ndarray, compression: int) -> bytes:
    """(H, W, 1, 3 or 4) as OpenCV writes it: with libtiff and its predictor. 5 is LZW."""
    order = {1: [0], 3: [2, 1, 0], 4: [2, 1, 0, 3]}[samples.shape[2]]
    options = [cv2.IMWRITE_TIFF_COMPRESSION, compression]
    done, data = cv2.imencode(".tif", np.ascontiguousarray(samples[..., order]), options)
    assert done
    return data.tobytes()


def exif_bytes(orientation: int = 1, height: int = 10, width: int = 20, order: str = "<") -> bytes:
    """A block with maker, orientation, date, sizes, GPS, and a thumbnail at its end."""
    exif = PilImage.Exif()
    exif.endian = order
    exif[0x010F] = "Acme Optics"
    exif[0x0112] = orientation
    exif[0x8769] = {
        0x9003: "2020:02:03 04:05:06",
        0x927C: b"maker's own notes",
        0xA002: width,
        0xA003: height,
    }
    exif[0x8825] = {1: "N", 2: (52.0, 30.0, 15.0)}
    block = bytearray(exif.tobytes().removeprefix(b"Exif\0\0"))
    return bytes(_with_thumbnail(block, order))


def _with_thumbnail(block: bytearray, order: str) -> bytearray:
    count = struct.unpack_from(order + "H", block, 8)[0]
    while len(block) % 2:
        block += b"\0"
    second = len(block)
    struct.pack_into(order + "I", block, 10 + 12 * count, second)
    jpeg = b"\xff\xd8" + b"THUMBNAIL" * 20 + b"\xff\xd9"
    block += struct.pack(order + "H", 2)
    block += struct.pack(order + "HHII", 0x0201, 4, 1, second + 2 + 24 + 4)
    block += struct.pack(order + "HHII", 0x0202, 4, 1, len(jpeg))
    block += struct.pack(order + "I", 0) + jpeg
    return block


def exif_fields(block: bytes) -> dict[int, Any]:
    """All fields of a block by Pillow's reader, those of the EXIF and GPS directories with them."""
    exif = PilImage.Exif()
    exif.load(block)
    fields = dict(exif)
    fields.update(exif.get_ifd(0x8769))
    fields.update({0x10000 + tag: value for tag, value in exif.get_ifd(0x8825).items()})
    del fields[0x8769], fields[0x8825]  # where the directories stand
    return fields


def rgb_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def gray_profile() -> bytes:
    """A gray profile with gamma 2.2, by hand: Pillow makes none."""
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    curve = b"curv\0\0\0\0" + struct.pack(">IHxx", 1, round(2.2 * 256))
    return profile(b"mntr", b"GRAY", b"XYZ ", [(b"wtpt", white), (b"kTRC", curve)])


def cmyk_profile() -> bytes:
    """A printer profile whose table darkens less than the plain formula: paper is yellowish."""
    corners = [[(i >> 3) & 1, (i >> 2) & 1, (i >> 1) & 1, i & 1] for i in range(16)]
    table = b""
    for c, m, y, k in corners:
        light = (95 - 35 * c - 40 * m - 6 * y) * (1 - 0.85 * k)
        a, b = (-35 * c + 70 * m - 5 * y) * (1 - k), (-45 * c + 85 * y + 6) * (1 - k)
        table += bytes([round(max(light, 0) * 2.55), round(a) + 128, round(b) + 128])
    ramp = bytes(range(256))
    identity = struct.pack(">9i", *(0x10000 if i % 4 == 0 else 0 for i in range(9)))
    lut = b"mft1\0\0\0\0" + bytes([4, 3, 2, 0]) + identity + ramp * 4 + table + ramp * 3
    white = b"XYZ \0\0\0\0" + struct.pack(">iii", 0xF6D6, 0x10000, 0xD32D)
    return profile(b"prtr", b"CMYK", b"Lab ", [(b"wtpt", white), (b"A2B0", lut)])
