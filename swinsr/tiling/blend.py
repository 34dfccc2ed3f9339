"""How two tiles become one in the pixels that both give: a smooth change from one to the other."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


def ramp(length: int) -> Array:
    """The weight of the second tile along a ramp; that of the first is one minus it.

    A raised cosine, without a kink at either end: (1 - cos(pi t)) / 2 at the pixels' centres
    t = (i + 1/2) / length. The weights of the two mirror each other.
    """
    centres = (np.arange(length) + 0.5) / length
    return ((1.0 - np.cos(np.pi * centres)) / 2.0).astype(np.float32)


def mix(first: Array, second: Array, weight: Array) -> Array:
    """first + weight * (second - first): where the two agree, exactly what both say.

    The weights sum to one whatever the rounding, as there is only the one.

    Args:
        first: (H, W, C).
        second: the same shape.
        weight: broadcast against it, 0..1.
    """
    out = second - first
    out *= weight
    out += first
    return out
