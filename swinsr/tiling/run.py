"""A function over a picture, tile by tile, the results blended and handed on in bands of rows."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import NotEnoughMemoryError
from swinsr.tiling.blend import mix, ramp
from swinsr.tiling.plan import TilePlan, plan_tiles
from swinsr.tiling.raster import ArraySink, ArraySource
from swinsr.tiling.store import MemoryStore, TileStore

FloatArray = NDArray[np.float32]
# (h, w, C) -> (h * scale, w * scale, D) float32
Function = Callable[[NDArray[Any]], FloatArray]
# Bytes of float rows that are put together at a time.
BAND_BYTES = 1 << 24
# A side that fits into any memory: what fails with it would fail with less.
SMALLEST_TILE = 16


class TileSource(Protocol):
    """Where tiles are read."""

    def read(self, rows: slice, columns: slice) -> NDArray[Any]:
        """The rectangle (h, w, C)."""
        ...


class RowSink(Protocol):
    """Where the result goes, rows in order."""

    def write(self, top: int, band: FloatArray) -> None:
        """Rows (n, W, D) from row `top` of the result on."""
        ...

    def sync(self) -> None:
        """Make what was written last."""
        ...


def run_tiles(
    function: Function,
    source: TileSource,
    sink: RowSink,
    plan: TilePlan,
    *,
    scale: int,
    store: TileStore | None = None,
    tick: Callable[[float], None] = lambda share: None,
) -> None:
    """Apply a function to every tile and write the blended result.

    What `store` holds already is not computed again; with the same store and sink an interrupted
    run goes on where it was and ends with the same result.

    Args:
        function: (h, w, C) -> (h * scale, w * scale, D) float32, the same for the same tile.
        source: the picture.
        sink: notified with the result in bands, from top to bottom.
        plan: of the picture's size.
        scale: whole factor of enlargement.
        store: for finished tiles; memory by default.
        tick: notified with the share of the work that each tile was, those of an earlier run too.
    """
    store = MemoryStore() if store is None else store
    columns = len(plan.columns)
    total = float(sum(plan.area(number) for number in range(plan.tiles)))
    for row in range(len(plan.rows)):
        for number in range(row * columns, (row + 1) * columns):
            if row >= store.rows_done and not store.has(number):
                store.put(number, compute_tile(function, source, plan, number, scale))
            tick(plan.area(number) / total)
        if row < store.rows_done:
            continue
        top, bottom = (edge * scale for edge in plan.finished(row))
        for start, band in _bands(plan, row, store, scale):
            sink.write(start, band)
        sink.sync()
        store.finish_row(row, (top, bottom))
        for number in range((row - 1) * columns, row * columns):
            store.drop(number)


def tiled(
    function: Function,
    picture: NDArray[Any],
    plan: TilePlan,
    *,
    scale: int,
    tick: Callable[[float], None] = lambda share: None,
) -> FloatArray:
    """`run_tiles` from an array to an array: (H, W, C) -> (H * scale, W * scale, D)."""
    sink = ArraySink(plan.height * scale)
    run_tiles(function, ArraySource(picture), sink, plan, scale=scale, tick=tick)
    return sink.array


class Shrinking:
    """A function that does with smaller tiles what it has no memory for; and remembers it."""

    def __init__(
        self,
        function: Function,
        *,
        scale: int,
        overlap: int,
        align: int,
        smaller: Callable[[int], None] = lambda side: None,
    ) -> None:
        """Around `function`; `smaller` is told the new side each time memory was short."""
        self._function, self._scale, self._smaller = function, scale, smaller
        self._overlap, self._align = overlap, align
        self._smallest = max(4 * align, SMALLEST_TILE)
        self.side: int | None = None  # of the largest tile that memory is there for

    def __call__(self, tile: NDArray[Any]) -> FloatArray:
        """As the function itself, or in smaller tiles.

        Raises:
            NotEnoughMemoryError: even for a tile of a few windows.
        """
        while True:
            try:
                if self.side is None or self.side >= max(tile.shape[:2]):
                    return self._function(tile)
                return self._divided(tile, self.side)
            except NotEnoughMemoryError:
                side = min(self.side or max(tile.shape[:2]), max(tile.shape[:2]))
                if side <= self._smallest:
                    raise
                self.side = max(side // 2 // self._align * self._align, self._smallest)
            self._smaller(self.side)

    def _divided(self, tile: NDArray[Any], side: int) -> FloatArray:
        # The overlap is given up last, but half of a tile must be its own.
        overlap = min(self._overlap, side // 2)
        plan = plan_tiles(*tile.shape[:2], tile=side, overlap=overlap, align=self._align)
        return tiled(self._function, tile, plan, scale=self._scale)


def compute_tile(
    function: Function, source: TileSource, plan: TilePlan, number: int, scale: int
) -> FloatArray:
    """A tile's result without its context: (h, w, D), the output pixels of its kept part."""
    row, column = plan.piece(number)
    out = function(source.read(slice(row.start, row.stop), slice(column.start, column.stop)))
    return out[
        (row.first - row.start) * scale : (row.last - row.start) * scale,
        (column.first - column.start) * scale : (column.last - column.start) * scale,
    ]


def _bands(
    plan: TilePlan, row: int, store: TileStore, scale: int
) -> Iterator[tuple[int, FloatArray]]:
    """The final rows of one row of tiles, some at a time: (output row, (n, W, D))."""
    top, bottom = (edge * scale for edge in plan.finished(row))
    ends = plan.rows[row - 1].last * scale if row else top  # where the row of tiles above ends
    weights = ramp(ends - top)
    channels = store.rows(row * len(plan.columns), 0, 1).shape[2]
    at_once = max(BAND_BYTES // (4 * channels * plan.width * scale), 1)
    for start in [*range(top, ends, at_once), *range(ends, bottom, at_once)]:
        stop = min(start + at_once, ends if start < ends else bottom)
        band = _across(plan, row, store, start, stop, scale)
        if start < ends:
            above = _across(plan, row - 1, store, start, stop, scale)
            band = mix(above, band, weights[start - top : stop - top, None, None])
        yield start, band


def _across(
    plan: TilePlan, row: int, store: TileStore, start: int, stop: int, scale: int
) -> FloatArray:
    """Output rows of one row of tiles, the tiles blended from left to right."""
    offset = plan.rows[row].first * scale
    out: FloatArray | None = None
    filled = 0
    for column, piece in enumerate(plan.columns):
        number = row * len(plan.columns) + column
        tile = store.rows(number, start - offset, stop - offset)
        if out is None:
            out = np.empty((stop - start, plan.width * scale, tile.shape[2]), np.float32)
        first, last = piece.first * scale, piece.last * scale
        shared = filled - first
        if shared > 0:
            weights = ramp(shared)[None, :, None]
            out[:, first:filled] = mix(out[:, first:filled], tile[:, :shared], weights)
        out[:, filled:last] = tile[:, shared:]
        filled = last
    assert out is not None
    return out
