"""Pictures for the demo's tests, made anew in a folder; good ones and bad ones."""

import struct
import zlib
from pathlib import Path

import numpy as np

from swinsr.image import Image, Metadata, write_image

EXAMPLES = Path(__file__).parents[2] / "apps" / "examples"


def noise(height: int, width: int, channels: int = 3, dtype: type = np.uint8) -> np.ndarray:
    top = np.iinfo(dtype).max
    return np.random.default_rng(height * 7 + width).integers(
        0, top, (height, width, channels), dtype, endpoint=True
    )


def picture(path: Path, height: int = 24, width: int = 32) -> Path:
    write_image(path, Image(noise(height, width)))
    return path


def rich_picture(path: Path) -> Path:
    """16 bits, alpha, a profile, EXIF and a resolution."""
    from PIL import Image as Pil
    from PIL import ImageCms

    exif = Pil.Exif()
    exif[0x010F] = "a camera"
    metadata = Metadata(
        icc=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        exif=exif.tobytes().removeprefix(b"Exif\0\0"),
        dpi=(300.0, 300.0),
    )
    alpha = noise(20, 28, 1, np.uint16)[..., 0]
    write_image(path, Image(noise(20, 28, 3, np.uint16), alpha, metadata))
    return path


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _png(path: Path, header: bytes, data: bytes) -> Path:
    body = _chunk(b"IDAT", zlib.compress(data, 9))
    head = b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header)
    path.write_bytes(head + body + _chunk(b"IEND", b""))
    return path


def _gray_png(path: Path, side: int, data: bytes) -> Path:
    """A square header of 8 bits gray and whatever data."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    body = zlib.compress(data, 9)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + _chunk(b"IHDR", header)
        + _chunk(b"IDAT", body)
        + _chunk(b"IEND", b"")
    )
    return path


def png_bomb(path: Path, side: int = 100_000) -> Path:
    """Some kilobytes that claim to be ten gigapixels."""
    return _gray_png(path, side, bytes(10_000_000))


def lying_png(path: Path) -> Path:
    """A small header before far too much data."""
    return _gray_png(path, 8, bytes(200_000_000))


def cut_short(path: Path) -> Path:
    whole = picture(path.with_name("whole.png"), 40, 40).read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path


def zip_bomb(path: Path) -> Path:
    """A small archive of much nothing, under a picture's name."""
    import zipfile

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as bundle:
        bundle.writestr("zeros", bytes(50_000_000))
    return path
