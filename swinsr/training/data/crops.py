"""Where crops are cut: the most textured of some random places, then mirrored and turned."""

from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Scalar = TypeVar("Scalar", bound=np.generic)


def texture(patch: Array) -> float:
    """How much there is to learn in (height, width, channels): mean difference of neighbours."""
    middle = patch[..., patch.shape[-1] // 2].astype(np.int32)
    return float(
        np.abs(middle[1:] - middle[:-1]).mean() + np.abs(middle[:, 1:] - middle[:, :-1]).mean()
    )


def choose_place(
    image: Array, patch: int, candidates: int, rng: np.random.Generator
) -> tuple[int, int]:
    """(top, left) of the most textured of some random crops of side `patch`."""
    tops = rng.integers(0, image.shape[0] - patch + 1, candidates)
    lefts = rng.integers(0, image.shape[1] - patch + 1, candidates)
    if candidates == 1:
        return int(tops[0]), int(lefts[0])
    scores = [
        texture(image[top : top + patch, left : left + patch])
        for top, left in zip(tops, lefts, strict=True)
    ]
    best = int(np.argmax(scores))
    return int(tops[best]), int(lefts[best])


def turn(patch: NDArray[Scalar], orientation: int) -> NDArray[Scalar]:
    """One of the eight orientations: bit 2 mirrors, bits 0 and 1 count quarter turns."""
    turned = np.rot90(patch, orientation & 3)
    return turned[:, ::-1] if orientation & 4 else turned


def draw_orientation(rng: np.random.Generator, *, flips: bool, rotations: bool) -> int:
    """A random argument for `turn`."""
    quarter, mirror = int(rng.integers(4)), int(rng.integers(2))
    return (quarter if rotations else 0) | (4 * mirror if flips else 0)
