"""Several engines one after the other, each enlarging what the one before gave."""

import math
from collections.abc import Sequence

from swinsr.inference.engine import Engine


class RelayEngine(Engine):
    """Reaches far enlargements with less work than one engine that runs again and again.

    Twice and then four times works on 1 + 4 times the picture's pixels; four times and four times
    again on 1 + 16, and then half of it is thrown away.
    """

    tileable = True

    def __init__(self, engines: Sequence[Engine]) -> None:
        """`engines` in their order; each has a scale of its own."""
        self.engines = tuple(engines)
        first, last = self.engines[0], self.engines[-1]
        self.name = " + ".join(engine.name for engine in self.engines)
        self.scale = math.prod(engine.scale or 1 for engine in self.engines)
        self.task, self.config, self.precision = first.task, last.config, first.precision
        self.notes = tuple(dict.fromkeys(n for engine in self.engines for n in engine.notes))
        self.device, self.kernel, self.tiling = first.device, first.kernel, first.tiling
        self.window = max(engine.window for engine in self.engines)
        self.spare, self.tell = first.spare, first.tell

    def memory(self, height: int, width: int) -> int:
        """Of the last one, which has the largest picture."""
        return self.engines[-1].memory(height, width)

    def identity(self) -> str:
        """Text that differs where results may differ."""
        return " then ".join(engine.identity() for engine in self.engines)

    def stages(self, scale: float) -> tuple[Engine, ...]:
        """All of them."""
        return self.engines
