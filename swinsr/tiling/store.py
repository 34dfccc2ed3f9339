"""Finished tiles, from when they are computed until no later row of tiles needs them."""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


class TileStore(Protocol):
    """Keeps tiles, and how many rows of them are wholly in the result."""

    @property
    def rows_done(self) -> int:
        """Rows of tiles whose part of the result is final and written."""
        ...

    def has(self, number: int) -> bool:
        """Whether the tile is there."""
        ...

    def put(self, number: int, tile: Array) -> None:
        """Keep a tile, float32 (h, w, C)."""
        ...

    def rows(self, number: int, start: int, stop: int) -> Array:
        """Some rows of a tile that was kept."""
        ...

    def finish_row(self, row: int, band: tuple[int, int]) -> None:
        """What the result holds of `band`, output rows, is final and written."""
        ...

    def drop(self, number: int) -> None:
        """Forget a tile, if it is there."""
        ...


class MemoryStore:
    """Tiles in memory."""

    def __init__(self) -> None:
        """Empty."""
        self.rows_done = 0
        self._tiles: dict[int, Array] = {}

    def has(self, number: int) -> bool:
        """Whether the tile is there."""
        return number in self._tiles

    def put(self, number: int, tile: Array) -> None:
        """Keep a copy: what is cut from a larger array would keep all of that."""
        self._tiles[number] = np.array(tile)

    def rows(self, number: int, start: int, stop: int) -> Array:
        """Some rows of a tile that was kept."""
        return self._tiles[number][start:stop]

    def finish_row(self, row: int, band: tuple[int, int]) -> None:
        """One row of tiles more is in the result."""
        self.rows_done = row + 1

    def drop(self, number: int) -> None:
        """Forget a tile, if it is there."""
        self._tiles.pop(number, None)
