"""Which parts of a picture masked image modelling hides."""

import math

import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]


def draw_mask(height: int, width: int, patch: int, ratio: float, rng: np.random.Generator) -> Mask:
    """Hide a fixed number of the squares that a picture divides into, at random places.

    Args:
        height, width: of the picture, multiples of `patch`.
        patch: side of a square, in pixels.
        ratio: share of the squares to hide, in 0..1; their number is rounded up.
        rng: where the places come from.

    Returns:
        (height, width), true where a pixel is hidden.

    Source: arXiv:2111.09886, section 3.2 (random masks; 32 pixels and 0.6 by default).
    """
    rows, columns = height // patch, width // patch
    squares = np.zeros(rows * columns, np.bool_)
    squares[rng.permutation(squares.size)[: math.ceil(squares.size * ratio)]] = True
    return squares.reshape(rows, columns).repeat(patch, 0).repeat(patch, 1)
