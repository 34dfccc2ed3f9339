"""Animated PNGs from arrays, independent of the code that is tested."""

import struct
import zlib
from collections.abc import Sequence

import numpy as np

from tests.image.image_files import png_chunk

Frame = tuple[np.ndarray, int, int, int, int]  # samples, left, top, dispose, blend


def apng(
    frames: Sequence[Frame],
    size: tuple[int, int],
    *,
    bits: int = 8,
    colour_type: int = 6,
    extra: bytes = b"",
    plays: int = 0,
) -> bytes:
    """A file of frames on a canvas of (height, width); `extra` are chunks before acTL.

    A first frame that does not cover the canvas is preceded by a still of zeros, as it must be.
    """
    samples = {0: 1, 2: 3, 4: 2, 6: 4}[colour_type]
    head = struct.pack(">IIBBBBB", size[1], size[0], bits, colour_type, 0, 0, 0)
    out = b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", head) + extra
    out += png_chunk(b"acTL", struct.pack(">II", len(frames), plays))
    apart = frames[0][0].shape[:2] != size
    if apart:
        blank = np.zeros((*size, samples), np.uint16 if bits == 16 else np.uint8)
        out += png_chunk(b"IDAT", _packed(blank, bits))
    number = 0
    for index, (array, left, top, dispose, blend) in enumerate(frames):
        place = (number, array.shape[1], array.shape[0], left, top, 1, 10, dispose, blend)
        out += png_chunk(b"fcTL", struct.pack(">IIIIIHHBB", *place))
        number += 1
        if index or apart:
            out += png_chunk(b"fdAT", struct.pack(">I", number) + _packed(array, bits))
            number += 1
        else:
            out += png_chunk(b"IDAT", _packed(array, bits))
    return out + png_chunk(b"IEND", b"")


def _packed(array: np.ndarray, bits: int) -> bytes:
    rows = np.ascontiguousarray(array.astype(">u2" if bits == 16 else "u1")).view(np.uint8)
    rows = rows.reshape(array.shape[0], -1)
    return zlib.compress(np.hstack([np.zeros((len(rows), 1), np.uint8), rows]).tobytes())
