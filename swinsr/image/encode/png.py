"""PNG: Pillow for 8 bits, our own writer for 16.

No library here writes 16-bit gray with alpha, or a profile and EXIF into every 16-bit PNG.

Source: PNG specification, third edition (W3C, 2025), sections 9 to 11.
"""

import io
import struct
import zlib
from typing import BinaryIO

import numpy as np
from PIL import Image as PilImage

from swinsr.image import png
from swinsr.image.picture import Array, Image, Metadata
from swinsr.image.pil import interleave

_LEVEL = 6
_BAND = 1 << 22  # bytes of pixels filtered and compressed at a time


def encode_png(stream: BinaryIO, image: Image) -> None:
    """Write 8 or 16-bit gray or RGB, with or without alpha, with everything in the metadata."""
    samples = interleave(image.pixels, image.alpha)
    head = _metadata_chunks(image.metadata)
    if image.bits == 16:
        _encode_16_bit(stream, samples, head)
        return
    # Pillow's encoder is the fastest here; the metadata goes in behind its header chunk, because
    # Pillow would write a profile or a text in its own way.
    packed = io.BytesIO()
    PilImage.fromarray(samples).save(packed, "PNG", compress_level=_LEVEL)
    data = packed.getbuffer()
    first = len(png.SIGNATURE) + 12 + 13
    stream.write(data[:first])
    stream.write(head)
    stream.write(data[first:])


def _metadata_chunks(metadata: Metadata) -> bytes:
    """All of them may stand between IHDR and PLTE or IDAT."""
    parts = []
    if metadata.icc is not None:
        parts.append(png.chunk(b"iCCP", b"ICC profile\0\0" + zlib.compress(metadata.icc, 9)))
    # A profile overrides sRGB, gAMA and cHRM, and may not stand beside sRGB; cICP overrides all.
    kept = [c for c in metadata.png_colour if metadata.icc is None or c[0] != b"sRGB"]
    parts += [png.chunk(kind, data) for kind, data in kept]
    if metadata.dpi is not None:
        x, y = (min(round(dpi / 0.0254), 2**31 - 1) for dpi in metadata.dpi)
        parts.append(png.chunk(b"pHYs", struct.pack(">IIB", x, y, 1)))
    if metadata.exif is not None:
        parts.append(png.chunk(b"eXIf", metadata.exif))
    if metadata.xmp is not None:
        parts.append(png.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + metadata.xmp))
    return b"".join(parts)


def _encode_16_bit(stream: BinaryIO, samples: Array, head: bytes) -> None:
    if samples.ndim == 2:
        samples = samples[..., None]
    height, width, count = samples.shape
    kind = {1: png.GRAY, 2: png.GRAY_ALPHA, 3: png.RGB, 4: png.RGB_ALPHA}[count]
    stream.write(png.SIGNATURE)
    stream.write(png.chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 16, kind, 0, 0, 0)))
    stream.write(head)
    compressor = zlib.compressobj(_LEVEL)
    row_bytes = 2 * count * width
    rows = max(1, _BAND // row_bytes)
    above = np.zeros((1, row_bytes), np.uint8)
    for top in range(0, height, rows):
        band = samples[top : top + rows].astype(">u2").reshape(-1, width * count).view(np.uint8)
        packed = compressor.compress(_filtered(band, above, 2 * count).tobytes())
        if packed:
            stream.write(png.chunk(b"IDAT", packed))
        above = band[-1:]
    stream.write(png.chunk(b"IDAT", compressor.flush()))
    stream.write(png.chunk(b"IEND", b""))


def _filtered(band: Array, above: Array, step: int) -> Array:
    """Rows with their filter byte in front, each with the filter of the smallest absolute sum.

    Args:
        band: (rows, bytes) uint8.
        above: (1, bytes), the row before the first; zeros at the top.
        step: bytes per pixel.

    Returns:
        (rows, 1 + bytes) uint8.
    """
    up = np.concatenate([above, band[:-1]])
    left, corner = np.zeros_like(band), np.zeros_like(band)
    left[:, step:], corner[:, step:] = band[:, :-step], up[:, :-step]
    average = ((left.astype(np.uint16) + up) >> 1).astype(np.uint8)
    candidates = (band, band - left, band - up, band - average, band - _paeth(left, up, corner))
    best = np.full(len(band), np.iinfo(np.int64).max)
    out = np.empty((len(band), band.shape[1] + 1), np.uint8)
    for number, candidate in enumerate(candidates):
        # Bytes count as signed: 255 is a step of one.
        cost = np.minimum(candidate, 0 - candidate).sum(axis=1, dtype=np.int64)
        better = cost < best
        out[better, 0] = number
        out[better, 1:] = candidate[better]
        best = np.minimum(best, cost)
    return out


def _paeth(left: Array, up: Array, corner: Array) -> Array:
    """Whichever neighbour is nearest to left + up - corner; ties in the order of the arguments."""
    a, b, c = left.astype(np.int16), up.astype(np.int16), corner.astype(np.int16)
    to_left, to_up, to_corner = np.abs(b - c), np.abs(a - c), np.abs(a + b - 2 * c)
    nearest = np.where(to_up <= to_corner, up, corner)
    return np.where((to_left <= to_up) & (to_left <= to_corner), left, nearest)
