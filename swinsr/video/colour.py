"""Y'CbCr to R'G'B' and back, by the matrix and the range that the video names.

libswscale resamples chroma; the matrix is done here, because its conversion from deep RGB is off
by up to four of 1023 levels. Source: ITU-R BT.601-7, BT.709-6, BT.2020-2, and H.273 for numbers.
"""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ConfigError

Array = NDArray[Any]
RGB, BT709, UNSPECIFIED, BT601 = 0, 1, 2, 6
# Kr and Kb by H.273's MatrixCoefficients.
_WEIGHTS = {
    BT709: (0.2126, 0.0722),
    4: (0.30, 0.11),
    5: (0.299, 0.114),
    BT601: (0.299, 0.114),
    7: (0.212, 0.087),
    9: (0.2627, 0.0593),
}
_NAMES = {8: "YCgCo", 10: "BT.2020 with constant luminance", 14: "ICtCp"}
# Lines from which untagged video is taken for BT.709, as players do.
_HIGH_DEFINITION = 720


@dataclass(frozen=True)
class Coding:
    """How samples stand for colours.

    Attributes:
        matrix: H.273's MatrixCoefficients; `RGB` for planes that hold red, green and blue.
        full: whether black and white are the first and last value, else 16 and 235 of 8 bits.
        bits: per sample, 8 to 16.
        gray: no chroma.
    """

    matrix: int
    full: bool
    bits: int
    gray: bool = False

    def to_rgb(self, planes: tuple[Array, ...]) -> Array:
        """Y, Cb and Cr of one size as the pixels of a picture.

        Args:
            planes: (H, W) each, or one alone; with `RGB`: red, green and blue.

        Returns:
            (H, W, 3) or (H, W, 1), uint8 of 8 bits, else uint16 from 0 to 65535.
        """
        top = 255 if self.bits == 8 else 65535
        if self.matrix == RGB or self.gray:
            stacked = np.stack(planes, axis=2).astype(np.float32)
            low, span = (0, (1 << self.bits) - 1) if self.matrix == RGB else self._luma()
            values: Array = (stacked - np.float32(low)) * np.float32(top / span)
        else:
            matrix, offset = self._decoding(top)
            merged = cv2.merge([np.ascontiguousarray(p).astype(np.float32) for p in planes])
            values = cv2.transform(merged, np.column_stack([matrix, offset]).astype(np.float32))
        return _rounded(values, top)

    def from_rgb(self, pixels: Array) -> tuple[Array, ...]:
        """What `to_rgb` takes, of pixels (H, W, 1 or 3) of uint8 or uint16."""
        peak = (1 << self.bits) - 1
        scale = 1.0 / np.iinfo(pixels.dtype).max
        if self.matrix == RGB or self.gray:
            low, span = (0, peak) if self.matrix == RGB else self._luma()
            values: Array = pixels.astype(np.float32) * np.float32(span * scale) + np.float32(low)
        else:
            matrix, offset = self._encoding(scale)
            values = cv2.transform(
                pixels.astype(np.float32), np.column_stack([matrix, offset]).astype(np.float32)
            )
        coded = _rounded(values, peak)
        return tuple(np.ascontiguousarray(coded[..., i]) for i in range(coded.shape[2]))

    def _luma(self) -> tuple[float, float]:
        """First value and span of Y."""
        step = 1 << (self.bits - 8)
        return (0, (1 << self.bits) - 1) if self.full else (16 * step, 219 * step)

    def _chroma(self) -> tuple[float, float]:
        """Middle and span of Cb and Cr."""
        step = 1 << (self.bits - 8)
        return 128 * step, (1 << self.bits) - 1 if self.full else 224 * step

    def _encoding(self, scale: float) -> tuple[Array, Array]:
        kr, kb = _WEIGHTS[self.matrix]
        (low, span), (middle, chroma) = self._luma(), self._chroma()
        luma = np.array([kr, 1 - kr - kb, kb])
        blue = (np.array([0, 0, 1]) - luma) / (2 * (1 - kb)) * chroma
        red = (np.array([1, 0, 0]) - luma) / (2 * (1 - kr)) * chroma
        return np.stack([luma * span, blue, red]) * scale, np.array([low, middle, middle])

    def _decoding(self, top: int) -> tuple[Array, Array]:
        matrix, offset = self._encoding(1.0)
        inverse = np.linalg.inv(matrix) * top
        return inverse, -inverse @ offset


def _rounded(values: Array, top: int) -> Array:
    """Half up, within 0 and `top`; overwrites `values`."""
    values += np.float32(0.5)
    np.clip(values, 0, top, out=values)
    return values.astype(np.uint8 if top == 255 else np.uint16)


def matrix_of(name: str, tag: int, height: int) -> int:
    """The matrix of a video; of one that names none, what players take.

    Args:
        name: of the file, for the message.
        tag: MatrixCoefficients.
        height: lines as stored.

    Raises:
        ConfigError: one that is not known here.
    """
    if tag == UNSPECIFIED:
        return BT709 if height >= _HIGH_DEFINITION else BT601
    if tag not in _WEIGHTS and tag != RGB:
        raise ConfigError(
            f"{name}: its colours are coded as {_NAMES.get(tag, f'matrix {tag}')}, which is not "
            "known here; convert it to BT.709 first"
        )
    return tag
