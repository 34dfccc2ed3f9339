"""Colours and alpha of a rectangle together, on their way through a pass and to the file's type.

What `Upscaler.upscale` does to a whole picture, for rectangles of it: samples are interleaved,
(h, w, 1 or 3) or with alpha one more.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from swinsr.image import bleed_colour, largest_value, to_depth, to_float
from swinsr.image.colour.tone import ToneCurve
from swinsr.image.depth import from_unit, to_unit, within_unit
from swinsr.tiling import RawFile, Stream

Array = NDArray[Any]
FloatArray = NDArray[np.float32]


@dataclass(frozen=True)
class Channels:
    """What the channels are.

    Attributes:
        colours: 1 or 3.
        alpha: whether one more follows.
        varies: whether that is not the same everywhere.
        enlarges: False where a model restores at the picture's own size, and leaves alpha alone.
        tone: of the file's colours, where the model is to see them along sRGB's curve.
        low, high: black and white of float samples; the model sees 0..1.
    """

    colours: int
    alpha: bool
    varies: bool
    enlarges: bool
    tone: ToneCurve | None = None
    low: float = 0.0
    high: float = 1.0

    def prepared(self, samples: Array) -> FloatArray:
        """Floats of a rectangle of the file, its colours continued under what is transparent."""
        colours = np.ascontiguousarray(samples[..., : self.colours])
        if self.varies:
            colours = bleed_colour(colours, np.ascontiguousarray(samples[..., -1]))
        planes = to_unit(to_float(colours), self.low, self.high)
        if self.tone is not None:
            planes = self.tone.to_srgb(planes)
        if not self.alpha:
            return planes
        return np.concatenate([planes, to_float(samples[..., -1:])], axis=2)

    def stream(self, planes: Iterator[FloatArray], enlarge: Stream) -> Iterator[FloatArray]:
        """A pass over colours and alpha: (h, w, C) -> (h * scale, w * scale, C), one by one.

        Args:
            planes: rectangles.
            enlarge: the network, of which colours and alpha take one run each.
        """
        runs_alpha = self.alpha and self.varies and self.enlarges
        waiting: deque[FloatArray] = deque()

        def parts() -> Iterator[FloatArray]:
            for rectangle in planes:
                waiting.append(rectangle)
                yield np.ascontiguousarray(rectangle[..., : self.colours])
                if runs_alpha:
                    yield np.ascontiguousarray(rectangle[..., -1:])

        results = enlarge(parts())
        for out in results:
            if not self.alpha:
                waiting.popleft()
                yield out
                continue
            alpha = next(results) if runs_alpha else None
            rectangle = waiting.popleft()
            if alpha is None:
                # It stays what it is; where it is the same everywhere, one value stands for all.
                alpha = rectangle[..., -1:]
                if not self.varies:
                    alpha = np.full((*out.shape[:2], 1), rectangle[0, 0, -1], np.float32)
            yield np.concatenate([out, alpha], axis=2)


class Finish:
    """Floats to the file's samples: alpha held to what surrounds it, rounded, clipped."""

    def __init__(
        self, channels: Channels, source: RawFile, size: tuple[int, int], dtype: np.dtype[Any]
    ) -> None:
        """For results of `size` (height, width), from the upright picture in `source`."""
        self._channels, self._source, self._size, self._dtype = channels, source, size, dtype

    def __call__(self, top: int, band: FloatArray) -> Array:
        """Rows of the result from `top` on."""
        channels = self._channels
        if channels.tone is not None:
            colours = channels.tone.from_srgb(np.ascontiguousarray(band[..., : channels.colours]))
            band = np.concatenate([colours, band[..., channels.colours :]], axis=2)
        if channels.alpha and not channels.varies:
            # A whole channel of one value is not rounded twice.
            value = self._source.read(slice(0, 1), slice(0, 1))[0, 0, -1]
            alpha: Array = np.full((*band.shape[:2], 1), value, self._source.dtype)
            return np.concatenate(
                [self._typed(band[..., :-1]), to_depth(alpha, self._dtype)], axis=2
            )
        if channels.alpha and channels.enlarges:
            band = band.copy()
            low, high = self._limits(top, top + len(band))
            band[..., -1] = np.clip(band[..., -1], low, high)
        return self._typed(band)

    def _typed(self, band: FloatArray) -> Array:
        if self._dtype != np.float32:
            return to_depth(np.ascontiguousarray(band), self._dtype)
        channels = self._channels
        colours = from_unit(band[..., : channels.colours], channels.low, channels.high)
        colours = within_unit(colours, channels.low, channels.high)
        rest = np.clip(band[..., channels.colours :], 0.0, 1.0)
        return np.concatenate([colours, rest], axis=2)

    def _limits(self, start: int, stop: int) -> tuple[FloatArray, FloatArray]:
        """The smallest and largest alpha of the 3x3 pixels around each one's source."""
        height, width = self._source.shape[:2]
        rows = (np.arange(start, stop) * height) // self._size[0]
        columns = (np.arange(self._size[1]) * width) // self._size[1]
        first, last = max(int(rows[0]) - 1, 0), min(int(rows[-1]) + 2, height)
        alpha = to_float(np.ascontiguousarray(self._source.rows(first, last)[..., -1]))
        kernel = np.ones((3, 3), np.uint8)
        low: FloatArray = np.asarray(cv2.erode(alpha, kernel), np.float32)
        high: FloatArray = np.asarray(cv2.dilate(alpha, kernel), np.float32)
        where = (rows - first)[:, None], columns
        return low[where], high[where]


def alpha_range(band: Array) -> tuple[float, float]:
    """The smallest and largest alpha of a band, 0..1."""
    white = largest_value(band.dtype)
    return float(band[..., -1].min()) / white, float(band[..., -1].max()) / white
