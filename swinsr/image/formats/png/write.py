"""PNG of 8 and 16 bits, filtered with NumPy and compressed with zlib, band by band.

Of the installed libraries none writes 16-bit gray with alpha, or a profile and EXIF into a 16-bit
file, and for 8 bits Pillow takes longer.

Source: PNG specification, third edition (W3C, 2025), sections 9 to 11.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import BinaryIO

import numpy as np

from swinsr.image.formats.form import Frames
from swinsr.image.formats.photoshop import with_iptc
from swinsr.image.formats.pillow.images import interleave
from swinsr.image.formats.png import chunks as png
from swinsr.image.picture import Array, Image, Metadata, Text

_LEVEL = 4  # on photographs as small as 6, and three times as fast
_BAND = 1 << 18  # bytes of pixels filtered at a time: what fits the processor's cache


def encode_png(stream: BinaryIO, image: Image) -> None:
    """Write 8 or 16-bit gray or RGB, with or without alpha, with everything in the metadata."""
    begin(stream, image)
    for packed in _pixel_data(image):
        stream.write(png.chunk(b"IDAT", packed))
    stream.write(png.chunk(b"IEND", b""))


def encode_png_frames(stream: BinaryIO, frames: Frames, count: int, loops: int) -> None:
    """Write an animation; programs that know none show its first frame.

    Args:
        stream: writable.
        frames: pictures of one size, depth and kind, and seconds that each is shown; the first
            one's metadata is the file's.
        count: how many there are.
        loops: how often it runs, 0 for ever.
    """
    number = 0
    for index, (image, seconds) in enumerate(frames):
        if index == 0:
            begin(stream, image, png.chunk(b"acTL", struct.pack(">II", count, loops)))
        delay = seconds.limit_denominator(65535)
        if delay.numerator > 65535:
            delay = Fraction(min(round(seconds), 65535))
        control = (number, image.width, image.height, 0, 0, *delay.as_integer_ratio(), 0, 0)
        stream.write(png.chunk(b"fcTL", struct.pack(">IIIIIHHBB", *control)))
        number += 1
        for packed in _pixel_data(image):
            if index == 0:
                stream.write(png.chunk(b"IDAT", packed))
            else:
                stream.write(png.chunk(b"fdAT", struct.pack(">I", number) + packed))
                number += 1
    stream.write(png.chunk(b"IEND", b""))


def begin(stream: BinaryIO, image: Image, animation: bytes = b"") -> None:
    """Everything before the pixel data."""
    count = image.channels + (image.alpha is not None)
    kind = {1: png.GRAY, 2: png.GRAY_ALPHA, 3: png.RGB, 4: png.RGB_ALPHA}[count]
    head = (image.width, image.height, image.bits, kind, 0, 0, 0)
    stream.write(png.SIGNATURE)
    stream.write(png.chunk(b"IHDR", struct.pack(">IIBBBBB", *head)))
    stream.write(animation + _metadata_chunks(image.metadata))


def _pixel_data(image: Image) -> Iterator[bytes]:
    """The compressed rows, in pieces."""
    samples = interleave(image.pixels, image.alpha)
    return compressed_rows([samples.reshape(image.height, image.width, -1)])


def compressed_rows(bands: Iterable[Array]) -> Iterator[bytes]:
    """Rows as they stand in the file, filtered and compressed, in pieces.

    Args:
        bands: (n, width, samples of a pixel) uint8 or uint16, from top to bottom.
    """
    compressor = zlib.compressobj(_LEVEL)
    above: Array | None = None
    for band in bands:
        step = band.shape[2] * band.itemsize
        row_bytes = step * band.shape[1]
        rows = max(1, _BAND // row_bytes)
        for top in range(0, len(band), rows):
            part = band[top : top + rows]
            part = np.ascontiguousarray(part, band.dtype.newbyteorder(">"))
            part = part.view(np.uint8).reshape(-1, row_bytes)
            above = np.zeros((1, row_bytes), np.uint8) if above is None else above
            packed = compressor.compress(_filtered(part, above, step).tobytes())
            if packed:
                yield packed
            above = part[-1:]
    yield compressor.flush()


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
    if metadata.iptc is not None:
        parts.append(png.chunk(b"zTXt", _raw_profile(b"iptc", with_iptc(metadata.iptc))))
    parts += [_text_chunk(text) for text in metadata.texts]
    return b"".join(parts)


def _text_chunk(text: Text) -> bytes:
    """tEXt where the text is Latin-1 and nothing else is said of it, else iTXt."""
    keyword = text.keyword.encode("latin-1", "replace")[:79].replace(b"\0", b" ").strip() or b"Text"
    content = text.text.replace("\0", " ")
    if not text.language and not text.translated:
        try:
            return png.chunk(b"tEXt", keyword + b"\0" + content.encode("latin-1"))
        except UnicodeEncodeError:
            pass
    language = text.language.encode("ascii", "replace").replace(b"\0", b"")
    translated = text.translated.replace("\0", " ").encode()
    # After the keyword: not compressed, method 0.
    head = keyword + b"\0\0\0" + language + b"\0" + translated + b"\0"
    return png.chunk(b"iTXt", head + content.encode())


def _raw_profile(name: bytes, block: bytes) -> bytes:
    """ImageMagick's form of a block, which others read too: hexadecimal digits, 36 bytes a line."""
    digits = block.hex().encode()
    lines = [digits[at : at + 72] for at in range(0, len(digits), 72)]
    text = b"\n%s\n%8d\n%s\n" % (name, len(block), b"\n".join(lines))
    return b"Raw profile type %s\0\0" % name + zlib.compress(text, 9)


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
