"""Large pictures in tiles: any function from an array to a larger array, NumPy alone."""

from swinsr.tiling.blend import ramp
from swinsr.tiling.plan import Piece, TilePlan, plan_tiles
from swinsr.tiling.raster import ArraySink, ArraySource, RawFile
from swinsr.tiling.run import (
    Function,
    RowSink,
    Shrinking,
    TileSource,
    compute_tile,
    run_tiles,
    tiled,
)
from swinsr.tiling.store import MemoryStore, TileStore
from swinsr.tiling.tile_files import LocalTiles, TileFiles, tile_name
from swinsr.tiling.workspace import WorkFolder, WorkStore, open_work, work_path

__all__ = [
    "ArraySink",
    "ArraySource",
    "Function",
    "LocalTiles",
    "MemoryStore",
    "Piece",
    "RawFile",
    "RowSink",
    "Shrinking",
    "TileFiles",
    "TilePlan",
    "TileSource",
    "TileStore",
    "WorkFolder",
    "WorkStore",
    "compute_tile",
    "open_work",
    "plan_tiles",
    "ramp",
    "run_tiles",
    "tile_name",
    "tiled",
    "work_path",
]
