"""Engines around an engine: the mean over eight flips and rotations, and a restoration in part."""

from collections.abc import Callable

import numpy as np

from swinsr.inference.engine import Engine, FloatArray
from swinsr.runtime.progress import Progress, part

VIEWS = 8
_FLOAT_BYTES = 4


class _Wrapper(Engine):
    """An engine that changes what a pass of another gives."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.name, self.scale, self.task, self.config = (
            engine.name, engine.scale, engine.task, engine.config,
        )  # fmt: skip
        self.precision, self.notes, self.device = engine.precision, engine.notes, engine.device
        self.tileable, self.kernel, self.window = engine.tileable, engine.kernel, engine.window
        self.tiling, self.spare, self.tell = engine.tiling, engine.spare, engine.tell

    def memory(self, height: int, width: int) -> int:
        """The engine's own, and two results more."""
        pixels = height * width * (self.scale or 1) ** 2
        return self.engine.memory(height, width) + 2 * 3 * _FLOAT_BYTES * pixels


class EnsembleEngine(_Wrapper):
    """Self-ensemble: the picture is enlarged in eight positions, turned back, and averaged.

    Eight times the work for a slightly better result. Source: Lim et al., "Enhanced Deep Residual
    Networks for Single Image Super-Resolution", CVPRW 2017, section 3.4. Each pass of several is
    averaged. Interpolation, which is the same in every position, is left as it is.
    """

    def identity(self) -> str:
        """Text that differs where results may differ."""
        return f"ensemble of {self.engine.identity()}"

    def memory(self, height: int, width: int) -> int:
        """Of a rectangle in either position."""
        return max(super().memory(height, width), super().memory(width, height))

    def run(self, planes: FloatArray, progress: Progress) -> FloatArray:
        """The mean of eight passes over (h, w, 1 or 3) in 0..1."""

        def run(view: FloatArray, number: int) -> FloatArray:
            return self.engine.run(view, part(progress, number / VIEWS, (number + 1) / VIEWS))

        return mean_of_views(planes, run)


class BlendedEngine(_Wrapper):
    """A restoration at part of its strength: input + strength * (restored - input)."""

    def __init__(self, engine: Engine, strength: float) -> None:
        """`engine` restores at the picture's own size; `strength` goes from 0 to 1."""
        super().__init__(engine)
        self.strength = strength

    def identity(self) -> str:
        """Text that differs where results may differ."""
        return f"{self.strength!r} of {self.engine.identity()}"

    def run(self, planes: FloatArray, progress: Progress) -> FloatArray:
        """(h, w, 1 or 3) in 0..1 restored in part, not clipped."""
        restored = self.engine.run(planes, progress)
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
