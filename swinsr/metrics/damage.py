"""What JPEG, noise and blur left in a picture, measured without knowing how it was.

Noise after J. Immerkaer, "Fast noise variance estimation", CVIU 64 (1996), in the flattest blocks
alone. JPEG by its grid, wherever that lies in what was cropped: on it, and nowhere else, the higher
frequencies of blocks are nothing and the lower ones multiples of a step (Z. Fan and R. de Queiroz,
"Identification of bitmap compression history", IEEE TIP 12, 2003).
"""

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ImageError
from swinsr.metrics.traces import COLOURS, SMALLEST_TRACED, measure_traces

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
# Sides of the middle that is looked at: more says no more of a picture, and takes time.
LOOKED_AT, _GRID_LOOKED_AT, _TRACES_LOOKED_AT = 512, 256, 288
SMALLEST = 32
_BLOCK = 8
_LAPLACE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
# How much stronger that makes white noise.
_GAIN = 6
_LUMA, _CHROMA = COLOURS[0], COLOURS[1:]
# Of the flattest tenth of the blocks over the median one: noise has above, texture below.
_EVEN, _VERY_EVEN = 0.5, 0.68
_IN_COLOUR = 0.4
# It was a JPEG where one place of the grid makes so many more higher frequencies nothing.
_GRID = 0.1
# Rows and columns of the lower frequencies, and libjpeg's mean step for them at quality 50.
_LOW = ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0), (2, 1), (1, 2), (2, 2), (0, 3), (3, 0))
_STEP_50 = 12.9
_STEPS = np.arange(2, 41)
_FEWEST = 12  # coefficients that are not nothing, for a step to be told from them
_AGREEING = 2  # frequencies that show one
_CLEAR = 0.3  # how regular they are to be, 1 for exact multiples


@dataclass(frozen=True)
class Damage:
    """What was found.

    Attributes:
        noise: its standard deviation in luma, in 8-bit levels; noise of its own in each channel
            counts two thirds there. 0 where only texture was found.
        softness: strength of the finest structure over that of all, as a natural logarithm: around
            0 in a picture as sharp as its pixels, -1 and less in a blurred or enlarged one.
        quality: about which quality of JPEG it went through last; None for none that shows.
        traces: how much damage of any kind changed luma, root mean square in 8-bit levels, as far
            as that shows; None for a picture that is too small to tell.
    """

    noise: float
    softness: float
    quality: int | None
    traces: float | None = None


def measure_damage(pixels: Pixels) -> Damage:
    """Measure the middle of a picture.

    Args:
        pixels: (H, W, 1 or 3) uint8, both sides at least `SMALLEST`.

    Raises:
        ImageError: an array of another type or shape.
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
        raise ImageError(
            f"damage is measured in (H, W, 1 or 3) uint8, not in {pixels.shape} {pixels.dtype}"
        )
    if min(pixels.shape[:2]) < SMALLEST:
        raise ImageError(
            f"{pixels.shape[1]} x {pixels.shape[0]} pixels are too few to measure damage in; "
            f"take at least {SMALLEST} a side"
        )
    part = _middle(pixels, LOOKED_AT).astype(np.float32)
    y: Plane = part[..., 0] if part.shape[2] == 1 else part @ _LUMA
    fine = _fine(y)
    gradient = np.abs(np.diff(y, axis=1))[:-1] + np.abs(np.diff(y, axis=0))[:, :-1]
    softness = math.log((float(np.abs(fine).mean()) + 0.1) / (float(gradient.mean()) + 0.1))
    quality = _quality(_middle(y, _GRID_LOOKED_AT))
    traces = None
    if min(pixels.shape[:2]) >= SMALLEST_TRACED:
        traces = measure_traces(_middle(pixels, _TRACES_LOOKED_AT))
    return Damage(_noise(fine, part), softness, quality, traces)


def _noise(fine: Plane, part: Plane) -> float:
    """What the flattest blocks have, if it is everywhere, as noise is and texture is not."""
    spread = np.sort(_deviations(fine).ravel()) / _GAIN
    flat, usual = float(spread[len(spread) // 10]), float(spread[len(spread) // 2])
    if flat < _EVEN * usual:
        return 0.0
    if flat < _VERY_EVEN * usual and part.shape[2] == 3:
        # Sensors' noise is in the colours too, the finest texture hardly.
        chroma = max(
            float(np.quantile(_deviations(_fine(np.ascontiguousarray(part @ row))), 0.25)) / _GAIN
            for row in _CHROMA
        )
        return flat if chroma >= _IN_COLOUR * flat else 0.0
    return flat if flat >= _VERY_EVEN * usual else 0.0


def _fine(plane: Plane) -> Plane:
    """What neither flat areas nor straight edges have."""
    filtered = cv2.filter2D(plane, -1, _LAPLACE, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(filtered, np.float32)


def _middle(pixels: NDArray[np.generic], side: int) -> NDArray:  # type: ignore[type-arg]
    height, width = pixels.shape[:2]
    top, left = max(height - side, 0) // 2, max(width - side, 0) // 2
    return pixels[top : top + side, left : left + side]


def _deviations(plane: Plane) -> Plane:
    """Root mean square of each 8x8 block."""
    rows, columns = plane.shape[0] // _BLOCK, plane.shape[1] // _BLOCK
    blocks = plane[: rows * _BLOCK, : columns * _BLOCK].reshape(rows, _BLOCK, columns, _BLOCK)
    deviations: Plane = np.sqrt(np.square(blocks).mean(axis=(1, 3)))
    return deviations


def _quality(y: Plane) -> int | None:
    spectra, gain = _on_the_grid(y)
    if gain < _GRID:
        return None
    found = [step for row, column in _LOW if (step := _step(spectra[:, row, column])) is not None]
    if len(found) < _AGREEING:
        return None
    scale = 100 * math.exp(float(np.log(found).mean())) / _STEP_50
    # libjpeg's scale of its tables, backwards.
    return round(max(100 - scale / 2, 1) if scale <= 100 else max(5000 / scale, 1))


def _on_the_grid(y: Plane) -> tuple[Plane, float]:
    """Spectra (n, 8, 8) of the blocks on the likeliest grid, and how much it stands out."""
    rows, columns = np.indices((_BLOCK, _BLOCK))
    high = rows + columns >= _BLOCK // 2
    shares, best = [], (-1.0, np.zeros((0, _BLOCK, _BLOCK), np.float32))
    for left in range(_BLOCK):
        width = (y.shape[1] - left) // _BLOCK
        across = y[:, left : left + width * _BLOCK].reshape(-1, width, _BLOCK) @ _DCT.T
        for top in range(_BLOCK):
            height = (y.shape[0] - top) // _BLOCK
            stacked = across[top : top + height * _BLOCK].reshape(height, _BLOCK, width, _BLOCK)
            spectra = (_DCT @ stacked.transpose(0, 2, 1, 3)).reshape(-1, _BLOCK, _BLOCK)
            share = float((np.abs(spectra[:, high]) < 0.8).mean())
            shares.append(share)
            if share > best[0]:
                best = (share, spectra)
    return best[1], best[0] - float(np.median(shares))


def _step(values: Plane) -> int | None:
    """The step whose multiples a frequency's values are; None where that cannot be told."""
    clear = np.zeros(len(_STEPS))
    for place, step in enumerate(_STEPS):
        large = values[np.abs(values) > 0.6 * step]
        if len(large) < _FEWEST:
            break
        regular = abs(np.exp(2j * np.pi / step * large).mean())
        clear[place] = regular - 1.2 / math.sqrt(len(large))
    best = float(clear.max())
    if best < _CLEAR:
        return None
    # The parts of a step score as the step does.
    return int(_STEPS[np.flatnonzero(clear >= 0.85 * best)[-1]])


def _dct() -> Plane:
    k, n = np.indices((_BLOCK, _BLOCK))
    matrix = np.cos(np.pi * (2 * n + 1) * k / (2 * _BLOCK)) * np.sqrt(2 / _BLOCK)
    matrix[0] /= np.sqrt(2)
    rows: Plane = matrix.astype(np.float32)
    return rows


_DCT = _dct()
