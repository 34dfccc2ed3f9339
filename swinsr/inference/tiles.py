"""Whole or in tiles: what the user wants, and what the memory allows."""

import dataclasses
from typing import TYPE_CHECKING, Protocol

from swinsr.errors import ConfigError
from swinsr.runtime.free_memory import budget

if TYPE_CHECKING:
    import torch

MODES = ("auto", "exact", "overlap")
# Pixels that neighbouring tiles share. docs/large-images.md has the table it was chosen from.
DEFAULT_OVERLAP = 48
# Where memory is plenty: larger tiles are hardly quicker, and a stopped run loses more of them.
LARGEST_TILE = 512
SMALLEST_TILE = 64
# Below, nearly all of the work would be overlap.
LEAST_TILE = 16
# What reading, blending and encoding in bands takes beside a tile.
BANDS = 150 << 20


@dataclasses.dataclass(frozen=True)
class Tiling:
    """How large pictures are dealt with.

    Attributes:
        mode: "exact" runs the whole picture, "overlap" blends tiles, "auto" is exact while that
            fits the memory.
        tile: side of a tile in input pixels, the overlap within it; None for what the memory
            allows, up to `LARGEST_TILE`.
        overlap: pixels that neighbouring tiles share; None for `DEFAULT_OVERLAP`.
        memory: bytes that may be taken, what the process holds included; None for a share of what
            is free.

    Raises:
        ConfigError: an unknown mode or a size that is none.
    """

    mode: str = "auto"
    tile: int | None = None
    overlap: int | None = None
    memory: int | None = None

    def __post_init__(self) -> None:
        """Check."""
        if self.mode not in MODES:
            raise ConfigError(f"unknown mode {self.mode!r}; choose from {', '.join(MODES)}")
        if self.tile is not None and self.tile < LEAST_TILE:
            raise ConfigError(f"a tile has at least {LEAST_TILE} pixels a side, not {self.tile}")
        if self.overlap is not None and self.overlap < 0:
            raise ConfigError(f"an overlap has at least 0 pixels, not {self.overlap}")
        if self.tile is not None and self.overlap is not None and self.overlap >= self.tile:
            raise ConfigError(
                f"an overlap of {self.overlap} pixels leaves nothing of tiles of {self.tile}; "
                "make it smaller than the tiles"
            )
        if self.memory is not None and self.memory < 1:
            raise ConfigError(f"the memory is at least 1 byte, not {self.memory}")

    @property
    def shared(self) -> int:
        """Pixels that neighbouring tiles share."""
        return DEFAULT_OVERLAP if self.overlap is None else self.overlap


class Runs(Protocol):
    """What a choice depends on; of `swinsr.inference.engine.Engine`."""

    device: "torch.device"
    window: int

    def memory(self, height: int, width: int) -> int:
        """Bytes that one run over so many pixels takes."""
        ...


@dataclasses.dataclass(frozen=True)
class Choice:
    """One picture's way: whole (`tile` is None), or in tiles of that side at most.

    Attributes:
        overlap: pixels that tiles share.
        predicted: bytes that the network is going to take.
        allowed: bytes that it may.
    """

    tile: int | None
    overlap: int
    predicted: int
    allowed: int


def choose(
    engine: Runs,
    size: tuple[int, int],
    tiling: Tiling,
    *,
    set_aside: int = 0,
) -> Choice:
    """Decide for one picture.

    Args:
        engine: that will run it.
        size: of the network's input: height, width.
        tiling: what is asked for. A tile that is given means tiles in mode "auto" too.
        set_aside: bytes that the caller is going to take beside the network.
    """
    allowed = max(budget(engine.device, tiling.memory) - set_aside, 0)
    height, width = size
    whole = engine.memory(height, width)
    in_tiles = tiling.mode == "overlap" or (
        tiling.mode == "auto" and (tiling.tile is not None or whole > allowed)
    )
    if not in_tiles:
        return Choice(None, 0, whole, allowed)
    tile = tiling.tile or largest_tile(engine, allowed, tiling.shared)
    side_y, side_x = min(tile, height), min(tile, width)
    return Choice(tile, tiling.shared, engine.memory(side_y, side_x), allowed)


def largest_tile(engine: Runs, allowed: int, overlap: int) -> int:
    """The side of the largest tile that fits, between the two limits, in whole windows."""
    window = engine.window
    smallest = max(SMALLEST_TILE, 2 * overlap)
    side = max(LARGEST_TILE, smallest)
    while side > smallest and engine.memory(side, side) > allowed:
        side -= window
    return max(side // window, 1) * window


def choose_for_file(
    engine: Runs,
    size: tuple[int, int],
    tiling: Tiling,
    *,
    beside: int,
) -> Choice | None:
    """Tiles for a file; None where the whole picture fits the memory, or has to.

    Args:
        engine: that will run it.
        size: (height, width) of the input of the last pass.
        tiling: what is asked for.
        beside: bytes that the picture takes before and behind the network, if it is whole.
    """
    if tiling.mode == "exact":
        return None
    import torch

    host = torch.device("cpu")
    on_host = engine.device.type == "cpu"
    whole = choose(engine, size, tiling, set_aside=beside if on_host else 0)
    given = tiling.memory if on_host else None
    fits = whole.tile is None and (on_host or beside <= budget(host, given))
    if fits:
        return None
    tiles = dataclasses.replace(tiling, mode="overlap")
    return choose(engine, size, tiles, set_aside=BANDS if on_host else 0)
