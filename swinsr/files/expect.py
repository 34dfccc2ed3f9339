"""How long a picture is going to take, from a look at how quick this machine is."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from swinsr.files.choose import Way

if TYPE_CHECKING:
    from swinsr.inference.engine import Engine

# Results with fewer pixels are there before anyone reads what they are going to take.
WORTH_SAYING = 8_000_000
_TRIAL = 96  # side of the square that is timed
_PACE = "_pace"


@dataclass(frozen=True)
class Expected:
    """What a picture becomes, and when.

    Attributes:
        size, output_size: (width, height).
        seconds: of computing.
    """

    size: tuple[int, int]
    output_size: tuple[int, int]
    seconds: float

    @property
    def sentence(self) -> str:
        """As the user reads it before the work begins."""
        before, after = (f"{width}x{height}" for width, height in (self.size, self.output_size))
        pixels = self.output_size[0] * self.output_size[1] / 1e6
        return f"{before} to {after}, {pixels:.0f} megapixels, {about(self.seconds)}"


Announce: TypeAlias = Callable[[str, Expected], None]


def expect(way: Way, height: int, width: int) -> Expected | None:
    """Time a small square with the engine, once; None where nothing takes long.

    Args:
        way: how the picture is done.
        height, width: of it, upright.
    """
    size, engine = way.size, way.engine
    if engine is None or size.height * size.width < WORTH_SAYING:
        return None
    seconds, pixels = 0.0, float(height * width)
    for stage in engine.stages(max(size.scale, 1.0)):
        twice = 1.0
        if way.tiles is not None and way.tiles.tile:
            tile = way.tiles.tile
            twice = (tile / max(tile - way.tiles.overlap, 1)) ** 2
        seconds += pixels * twice * pace(stage)
        pixels *= (stage.scale or 1) ** 2
    if not seconds:
        return None
    return Expected((width, height), size.final[::-1], seconds)


def pace(engine: "Engine") -> float:
    """Seconds that an engine takes for a pixel of its input; measured at the first call."""
    import numpy as np

    found = getattr(engine, _PACE, None)
    if found is None:
        square = np.full((_TRIAL, _TRIAL, 3), 0.5, np.float32)
        engine.run(square[: _TRIAL // 2], lambda share: None)  # loads and allocates
        start = time.perf_counter()
        engine.run(square, lambda share: None)
        found = (time.perf_counter() - start) / square[..., 0].size
        setattr(engine, _PACE, found)
    return float(found)


def about(seconds: float) -> str:
    """A duration as one says it: "about 40 s", "about 12 min", "about 3.5 h"."""
    if seconds < 90:
        return f"about {max(round(seconds), 1)} s"
    if seconds < 90 * 60:
        return f"about {round(seconds / 60)} min"
    return f"about {seconds / 3600:.1f} h"
