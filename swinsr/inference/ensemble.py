"""Engines around an engine: the mean over eight flips and rotations, and a restoration in part."""

from collections.abc import Callable

import numpy as np

from swinsr.inference.engine import Engine, FloatArray
from swinsr.inference.progress import Progress, part

VIEWS = 8


class EnsembleEngine:
    """Self-ensemble: the picture is enlarged in eight positions, turned back, and averaged.

    Eight times the work for a slightly better result. Source: Lim et al., "Enhanced Deep Residual
    Networks for Single Image Super-Resolution", CVPRW 2017, section 3.4.
    """

    def __init__(self, engine: Engine) -> None:
        """`engine` enlarges each of the eight."""
        self.engine = engine
        self.name, self.scale, self.task = engine.name, engine.scale, engine.task
        self.precision, self.notes = engine.precision, engine.notes

    def enlarge(
        self, planes: FloatArray, scale: float, size: tuple[int, int], progress: Progress
    ) -> FloatArray:
        """(H, W, 1 or 3) in 0..1 enlarged by `scale` to exactly `size`, not clipped."""

        def run(view: FloatArray, number: int) -> FloatArray:
            turned = size[::-1] if number % 2 else size
            share = part(progress, number / VIEWS, (number + 1) / VIEWS)
            return self.engine.enlarge(view, scale, turned, share)

        return mean_of_views(planes, run)


class BlendedEngine:
    """A restoration at part of its strength: input + strength * (restored - input)."""

    def __init__(self, engine: Engine, strength: float) -> None:
        """`engine` restores at the picture's own size; `strength` goes from 0 to 1."""
        self.engine, self.strength = engine, strength
        self.name, self.scale, self.task = engine.name, engine.scale, engine.task
        self.precision, self.notes = engine.precision, engine.notes

    def enlarge(
        self, planes: FloatArray, scale: float, size: tuple[int, int], progress: Progress
    ) -> FloatArray:
        """(H, W, 1 or 3) in 0..1 restored, not clipped; `size` is that of the picture."""
        restored = self.engine.enlarge(planes, scale, size, progress)
        restored -= planes
        restored *= np.float32(self.strength)
        restored += planes
        return restored


def mean_of_views(planes: FloatArray, run: Callable[[FloatArray, int], FloatArray]) -> FloatArray:
    """The mean of what `run` makes of the eight positions of a square, each turned back.

    Args:
        planes: (H, W, C).
        run: given a position and its number; those of odd numbers have height and width exchanged.
    """
    total: FloatArray | None = None
    for number in range(VIEWS):
        turns, mirrored = number % 4, number >= 4
        view = np.rot90(planes[:, ::-1] if mirrored else planes, turns)
        back = np.rot90(run(np.ascontiguousarray(view), number), -turns)
        back = back[:, ::-1] if mirrored else back
        if total is None:
            total = np.array(back, np.float32)
        else:
            total += back
    assert total is not None
    total /= np.float32(VIEWS)
    return total
