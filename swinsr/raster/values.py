"""Between a raster's numbers and the network's 0 to 1, there and back."""

import dataclasses
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
FloatArray = NDArray[np.float32]
# Percent of a band's values that lie below its 0, and above its 1.
TAIL = 0.1
# What a pixel of a band is: a value, none, or a float that is no number.
VALUE, NONE, NAN, PLUS, MINUS = range(5)


@dataclasses.dataclass(frozen=True)
class Span:
    """The values of a band that are the network's 0 and 1."""

    low: float
    high: float

    def to_unit(self, values: Array) -> FloatArray:
        """Numbers of the band as the network's; those outside the span lie outside 0..1."""
        with np.errstate(over="ignore"):
            unit: FloatArray = ((values.astype(np.float64) - self.low) / self._width).astype(
                np.float32
            )
        return unit

    def from_unit(self, unit: FloatArray) -> NDArray[np.float64]:
        """The way back, not rounded."""
        return unit.astype(np.float64) * self._width + self.low

    @property
    def _width(self) -> float:
        return self.high - self.low


def spans_for(
    samples: tuple[Array, ...], dtype: np.dtype[Any], asked: str | tuple[float, float]
) -> tuple[Span, ...]:
    """One span a band.

    Args:
        samples: values of each band, of a fair part of its pixels; a band may have none.
        dtype: of the raster.
        asked: as `RasterSettings.range`.
    """
    if isinstance(asked, tuple):
        return (Span(*map(float, asked)),) * len(samples)
    if asked == "none" or (asked == "auto" and dtype == np.uint8):
        return (whole_span(dtype),) * len(samples)
    return tuple(_percentiles(values) for values in samples)


def whole_span(dtype: np.dtype[Any]) -> Span:
    """From a type's smallest value to its largest; from 0 to 1 of floats."""
    if dtype.kind == "f":
        return Span(0.0, 1.0)
    limits = np.iinfo(dtype)
    return Span(float(limits.min), float(limits.max))


def _percentiles(values: Array) -> Span:
    if not values.size:
        return Span(0.0, 1.0)
    low, high = (float(v) for v in np.percentile(values.astype(np.float64), [TAIL, 100 - TAIL]))
    # Of a band that is the same everywhere any span will do.
    return Span(low, high) if high > low else Span(low, low + 1.0)


def codes_of(values: Array, nodata: float | None) -> NDArray[np.uint8]:
    """What each pixel is, of any shape."""
    codes = np.zeros(values.shape, np.uint8)
    if values.dtype.kind == "f":
        codes[np.isnan(values)] = NAN
        codes[np.isposinf(values)] = PLUS
        codes[np.isneginf(values)] = MINUS
    if nodata is not None:
        none = np.isnan(values) if np.isnan(nodata) else values == values.dtype.type(nodata)
        codes[none] = NONE
    return codes


class ToSamples:
    """From what the network gives to a band's own numbers."""

    def __init__(self, span: Span, dtype: np.dtype[Any], nodata: float | None) -> None:
        """For a band of `dtype`, in which `nodata` means none."""
        self._span, self._dtype, self._nodata = span, dtype, nodata

    def __call__(self, unit: FloatArray, codes: Array | None, masked: Array | None) -> Array:
        """Samples, rounded half up and held to what the type holds.

        No pixel that holds a value becomes the nodata value: it takes the number beside that.

        Args:
            unit: (h, w), from the network.
            codes: (h, w), what each pixel is; None where all are values.
            masked: (h, w), true where the mask says that a pixel holds nothing; or None.
        """
        out = self._typed(self._span.from_unit(unit))
        if self._nodata is not None and not np.isnan(self._nodata):
            none = out.dtype.type(self._nodata)
            out[out == none] = _beside(none)
        if codes is not None:
            fills = {NONE: self._nodata, NAN: np.nan, PLUS: np.inf, MINUS: -np.inf}
            for code, fill in fills.items():
                if fill is not None and (out.dtype.kind == "f" or code == NONE):
                    out[codes == code] = fill
        if masked is not None:
            out[masked] = 0 if self._nodata is None else self._nodata
        return out

    def _typed(self, values: NDArray[np.float64]) -> Array:
        if self._dtype.kind == "f":
            with np.errstate(over="ignore"):
                return values.astype(self._dtype)
        limits = np.iinfo(self._dtype)
        values = np.floor(values + 0.5)
        highest = float(limits.max)
        if int(highest) > limits.max:  # of 64 bits, rounded up as a float
            highest = float(np.nextafter(highest, 0.0))
        return np.clip(values, float(limits.min), highest).astype(self._dtype)


def _beside(none: Any) -> Any:
    """The number next to a nodata value, towards zero, or up from zero."""
    if none.dtype.kind == "f":
        return np.nextafter(none, none.dtype.type(1 if none == 0 else 0))
    return none.dtype.type(int(none) + (1 if none <= 0 else -1))
