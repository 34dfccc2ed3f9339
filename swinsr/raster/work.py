"""A raster's work, settled before it begins: whoever computes a tile of it gets the same."""

import dataclasses
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import NotEnoughMemoryError
from swinsr.files.engines import Engines
from swinsr.inference.engine import Engine
from swinsr.inference.tiles import largest_tile
from swinsr.raster.enlarge import Enlarger, groups_of
from swinsr.raster.scene import Scene
from swinsr.raster.settings import RasterSettings
from swinsr.raster.source import SceneSource, source_of
from swinsr.raster.values import Span
from swinsr.tiling import TilePlan, compute_tile, plan_tiles

FloatArray = NDArray[np.float32]
# What a tile may take in the network. Fixed, and no share of what is free: tiles, and with them the
# result's last bits, must not depend on what else a machine is doing.
TILE_MEMORY = 768 << 20


@dataclasses.dataclass(frozen=True)
class RasterWork:
    """What is read, through which model, in which tiles.

    Attributes:
        scene: what is read.
        settings: as asked.
        scale: of enlargement.
        spans: one a band.
        tile, overlap, align: of the plan.
    """

    scene: Scene
    settings: RasterSettings
    scale: int
    spans: tuple[Span, ...]
    tile: int
    overlap: int
    align: int

    @property
    def plan(self) -> TilePlan:
        """The tiles, in pixels of the scene."""
        grid = self.scene.grid
        return plan_tiles(
            grid.height, grid.width, tile=self.tile, overlap=self.overlap, align=self.align
        )

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Bands that go through the network together."""
        return groups_of(self.scene.bands, gray=self.settings.gray)

    @contextmanager
    def opened(self, engine: Engine) -> Iterator["Tiles"]:
        """The tiles, ready to be computed, with the source open.

        Raises:
            ImageReadError: the source cannot be read.
        """
        enlarger = Enlarger(
            engine,
            self.scale,
            len(self.scene.bands),
            self.scene.has_codes,
            self.scene.has_mask,
            self.groups,
        )

        def function(planes: FloatArray) -> FloatArray:
            try:
                return enlarger(planes)
            except NotEnoughMemoryError as error:
                raise NotEnoughMemoryError(
                    f"{self.scene.name}: tiles of {self.tile} pixels do not fit the memory; use "
                    f"smaller ones, as --tile {max(self.tile // 2, self.overlap + self.align)}"
                ) from error

        with source_of(self.scene, self.spans) as source:
            yield Tiles(function, source, self.plan, self.scale)


@dataclasses.dataclass(frozen=True)
class Tiles:
    """What `swinsr.tiling.run_tiles` is given.

    Attributes:
        function: enlarges a tile.
        source: where tiles are read.
        plan: where they lie.
        scale: of enlargement.
    """

    function: Callable[[FloatArray], FloatArray]
    source: SceneSource
    plan: TilePlan
    scale: int

    def compute(self, number: int) -> FloatArray:
        """One tile, without its context.

        Raises:
            ImageReadError: the source is damaged there.
            NotEnoughMemoryError: it does not fit.
        """
        return compute_tile(self.function, self.source, self.plan, number, self.scale)


def load_engine(settings: RasterSettings) -> Engine:
    """The model for a raster.

    Raises:
        SwinsrError: it cannot be had, or does not enlarge so much.
    """
    engines = Engines(settings.for_model())
    engines.check()
    return engines.get(settings.scale).engine


def tile_for(engine: Engine, scale: int, settings: RasterSettings) -> int:
    """The side of tiles in source pixels: as asked, or as large as is useful."""
    if settings.tile is not None:
        return settings.tile
    side = largest_tile(engine, TILE_MEMORY, settings.overlap)
    # The last of several passes sees the tile as the ones before have enlarged it.
    earlier = math.prod(stage.scale or 1 for stage in engine.stages(float(scale))[:-1])
    return max(side // earlier, 2 * settings.overlap, 16)
