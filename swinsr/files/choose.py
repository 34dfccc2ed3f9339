"""How one file is done, decided once: as a whole, or in tiles and bands from file to file."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from swinsr.files.engines import Engines, Models, Suited
from swinsr.files.judge import judge
from swinsr.files.settings import Settings
from swinsr.files.size import Size

if TYPE_CHECKING:
    from swinsr.image import Header
    from swinsr.inference.engine import Engine
    from swinsr.inference.tiles import Choice

# Interpolation is the same in bands; from here on that takes less memory and no more time.
BANDED_PIXELS = 12_000_000


@dataclass(frozen=True)
class Way:
    """How a picture of a size is done.

    Attributes:
        size: what it becomes.
        engine: what enlarges it; None where it is only made smaller.
        tiles: tile and overlap, for a picture that is done in tiles and bands; None for a whole.
    """

    size: Size
    engine: "Engine | None"
    tiles: "Choice | None"


def suited(engines: Engines, settings: Settings, source: Path, header: "Header | None") -> Suited:
    """The models that suit a file, where no option named another."""
    named = settings.model is not None or settings.fast or settings.sharpness is not None
    if named or settings.task != "upscale":
        return Suited(engines)
    damage, reason = judge(source, header)
    return Suited(engines, damage, reason)


def choose_way(engines: Models, settings: Settings, height: int, width: int) -> Way:
    """Decide for a picture of (height, width), upright.

    Raises:
        SwinsrError: its size cannot be reached, or its model cannot be had.
    """
    size = settings.target.size(height, width, engines.get(settings.scale).scale)
    if size.scale <= 1 and settings.task == "upscale" and settings.target.sized:
        return Way(size, None, None)
    engine = engines.get(size.scale).engine
    return Way(size, engine, choose_tiles(engine, height, width, size))


def choose_tiles(engine: "Engine", height: int, width: int, size: Size) -> "Choice | None":
    """Tiles for a file, from what the engine needs and the memory allows; None for none."""
    from swinsr.inference.tiles import Choice, choose_for_file

    pixels = size.height * size.width
    if not engine.tileable or engine.scale is None:
        return Choice(None, 0, 0, 0) if pixels > BANDED_PIXELS else None
    *before, last = engine.stages(max(size.scale, 1.0))
    factor = math.prod(stage.scale or 1 for stage in before)
    # Samples, floats and a copy before and behind the network, in four channels.
    beside = 4 * (9 * height * width + 14 * pixels)
    return choose_for_file(last, (height * factor, width * factor), engine.tiling, beside=beside)
