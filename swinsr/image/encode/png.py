"""PNG of 8 and 16 bits, filtered with NumPy and compressed with zlib, band by band.

Of the installed libraries none writes 16-bit gray with alpha, or a profile and EXIF into a 16-bit
file, and for 8 bits Pillow takes longer.

Source: PNG specification, third edition (W3C, 2025), sections 9 to 11.
"""

import struct
import zlib
from typing import BinaryIO

import numpy as np

from swinsr.image import png
from swinsr.image.picture import Array, Image, Metadata
from swinsr.image.pil import interleave

_LEVEL = 4  # on photographs as small as 6, and three times as fast
_BAND = 1 << 18  # bytes of pixels filtered at a time: what fits the processor's cache


def encode_png(stream: BinaryIO, image: Image) -> None:
    """Write 8 or 16-bit gray or RGB, with or without alpha, with everything in the metadata."""
    samples = interleave(image.pixels, image.alpha)
    count = 1 if samples.ndim == 2 else samples.shape[2]
    kind = {1: png.GRAY, 2: png.GRAY_ALPHA, 3: png.RGB, 4: png.RGB_ALPHA}[count]
    head = (image.width, image.height, image.bits, kind, 0, 0, 0)
    stream.write(png.SIGNATURE)
    stream.write(png.chunk(b"IHDR", struct.pack(">IIBBBBB", *head)))
    stream.write(_metadata_chunks(image.metadata))
    compressor = zlib.compressobj(_LEVEL)
    step = count * image.bits // 8
    row_bytes = step * image.width
    rows = max(1, _BAND // row_bytes)
    above = np.zeros((1, row_bytes), np.uint8)
    for top in range(0, image.height, rows):
        band = samples[top : top + rows]
        band = band.astype(band.dtype.newbyteorder(">"), copy=False).view(np.uint8)
        band = band.reshape(-1, row_bytes)
        packed = compressor.compress(_filtered(band, above, step).tobytes())
        if packed:
            stream.write(png.chunk(b"IDAT", packed))
        above = band[-1:]
    stream.write(png.chunk(b"IDAT", compressor.flush()))
    stream.write(png.chunk(b"IEND", b""))


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
