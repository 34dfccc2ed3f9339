"""What JPEG, noise and blur left in a picture, measured without knowing how it was.

Blockiness after Z. Wang et al., "Blind measurement of blocking artifacts in images", ICIP 2000:
steps at every eighth column that the columns between do not have; here for each of the eight
offsets, since what was cropped has its grid anywhere. Noise after J. Immerkaer, "Fast noise
variance estimation", CVIU 64 (1996), in the flattest blocks alone.
"""

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float32]
# More than this says no more of a picture, and costs time.
LOOKED_AT = 512
SMALLEST = 24
NAMES = (
    "blocks", "blocks_16", "zeros", "zeros_gain", "noise", "noise_flat", "noise_chroma", "fine",
    "fine_chroma", "ringing", "contrast",
)  # fmt: skip
_BLOCK = 8
_LARGEST_STEP = 12.0  # levels; an edge of the picture is no block's
_LAPLACE = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
_YCC = np.array(
    [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]], np.float32
)


def measure_damage(pixels: Pixels) -> NDArray[np.float64]:
    """Measure a picture's damage, in the middle of it where it is large.

    Args:
        pixels: (H, W, 1 or 3) uint8, both sides at least `SMALLEST`.

    Returns:
        One number for each of `NAMES`.
    """
    y, *chroma = _planes(_middle(pixels))
    across, offset_x = _blockiness(y)
    down, offset_y = _blockiness(y.T)
    zeros, elsewhere = _zeros(y, offset_x, offset_y), _zeros(y, offset_x + 4, offset_y + 4)
    noise = _fine(y)
    spread = np.sort(_deviations(noise).ravel()) / 6
    gradient = np.abs(np.diff(y, axis=1))[:-1] + np.abs(np.diff(y, axis=0))[:, :-1]
    coloured = [_fine(c) for c in chroma]
    chroma_spread = [np.sort(_deviations(c).ravel()) / 6 for c in coloured] or [np.zeros(1)]
    values = (
        across + down,
        _blockiness(chroma[0], 16)[0] + _blockiness(chroma[0].T, 16)[0] if chroma else 0.0,
        zeros,
        zeros - elsewhere,
        spread[len(spread) // 10],
        spread[len(spread) // 2],
        max(float(s[len(s) // 4]) for s in chroma_spread),
        np.log((np.abs(noise).mean() + 0.1) / (gradient.mean() + 0.1)),
        np.log((sum(np.abs(c).mean() for c in coloured) + 0.05) / (np.abs(noise).mean() + 0.1)),
        _ringing(y, noise),
        np.log(gradient.mean() + 0.1),
    )
    return np.array(values, np.float64)


def _fine(plane: Plane) -> Plane:
    """What neither flat areas nor straight edges have; 6 times as strong as white noise."""
    filtered = cv2.filter2D(plane, -1, _LAPLACE, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(filtered, np.float32)


def _middle(pixels: Pixels) -> Pixels:
    height, width = pixels.shape[:2]
    top, left = max(height - LOOKED_AT, 0) // 2, max(width - LOOKED_AT, 0) // 2
    return pixels[top : top + LOOKED_AT, left : left + LOOKED_AT]


def _planes(pixels: Pixels) -> list[Plane]:
    """Y, Cb and Cr, or Y alone where there is no colour."""
    x = pixels.astype(np.float32)
    if x.shape[2] == 1:
        return [x[..., 0]]
    planes = [np.ascontiguousarray(x @ row) for row in _YCC]
    return planes if float(np.abs(planes[1]).max()) > 0.5 else planes[:1]


def _blockiness(plane: Plane, side: int = _BLOCK) -> tuple[float, int]:
    """How much the columns of one offset step more than others, in levels, and which offset."""
    step = np.abs(np.diff(plane, axis=1))
    excess = step[:, 1:-1] - (step[:, :-2] + step[:, 2:]) / 2
    columns = excess.clip(-_LARGEST_STEP, _LARGEST_STEP).mean(axis=0)
    places = np.array([columns[k::side].mean() for k in range(side)])
    best = int(places.argmax())
    # Column k of `columns` is the step between pixels k + 1 and k + 2.
    return float(places[best] - np.median(places)), (best + 2) % side


def _zeros(plane: Plane, left: int, top: int) -> float:
    """Share of the higher frequencies of 8x8 blocks that are nearly nothing."""
    plane = plane[top % _BLOCK :, left % _BLOCK :]
    rows, columns = plane.shape[0] // _BLOCK, plane.shape[1] // _BLOCK
    cut = plane[: rows * _BLOCK, : columns * _BLOCK]
    blocks = cut.reshape(rows, _BLOCK, columns, _BLOCK).transpose(0, 2, 1, 3)
    spectrum = _DCT @ blocks @ _DCT.T
    u, v = np.indices((_BLOCK, _BLOCK))
    return float((np.abs(spectrum[..., u + v >= 5]) < 1).mean())


def _dct() -> Plane:
    k, n = np.indices((_BLOCK, _BLOCK))
    matrix = np.cos(np.pi * (2 * n + 1) * k / (2 * _BLOCK)) * np.sqrt(2 / _BLOCK)
    matrix[0] /= np.sqrt(2)
    rows: Plane = matrix.astype(np.float32)
    return rows


_DCT = _dct()


def _deviations(plane: Plane) -> Plane:
    """Root mean square of each 8x8 block."""
    rows, columns = plane.shape[0] // _BLOCK, plane.shape[1] // _BLOCK
    cut = plane[: rows * _BLOCK, : columns * _BLOCK]
    blocks = cut.reshape(rows, _BLOCK, columns, _BLOCK)
    deviations: Plane = np.sqrt(np.square(blocks).mean(axis=(1, 3)))
    return deviations


def _ringing(y: Plane, noise: Plane) -> float:
    """Fine structure beside strong edges over that away from them, as a logarithm."""
    edge = cv2.morphologyEx(y, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > 40
    wide = cv2.dilate(edge.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    beside = wide & (cv2.dilate(edge.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    away = ~wide
    if beside.sum() < 50 or away.sum() < 50:
        return 0.0
    size = np.abs(noise)
    return float(np.log((np.median(size[beside]) + 0.2) / (np.median(size[away]) + 0.2)))
