"""Tiles of one shape in batches, the next one under way while the host deals with the last."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import NotEnoughMemoryError

FloatArray = NDArray[np.float32]
# Waits for the results of a batch.
Finish = Callable[[], list[FloatArray]]


class Batches:
    """A `swinsr.tiling.Stream`: as each tile by itself, several at once."""

    def __init__(
        self,
        start: Callable[[Sequence[FloatArray]], Finish],
        alone: Callable[[NDArray[Any]], FloatArray],
        at_once: Callable[[int, int], int],
        fewer: Callable[[int], None] = lambda count: None,
    ) -> None:
        """Nothing is read yet.

        Args:
            start: begins to compute tiles of one shape and comes back before they are done.
            alone: computes one tile; what a batch has no memory for is done by it.
            at_once: how many tiles of a height and width run together.
            fewer: notified with how many still do, where memory was short.
        """
        self._start, self._alone, self._at_once, self._fewer = start, alone, at_once, fewer
        # Decided once for each size: what is under way then is no reason for smaller ones.
        self._limits: dict[tuple[int, int], int] = {}

    def __call__(self, tiles: Iterator[NDArray[Any]]) -> Iterator[FloatArray]:
        """The tiles' results, in order."""
        before: Finish | None = None
        for batch in self._batches(tiles):
            # What is under way is computed while the next is read; then the host has both.
            after = self._started(batch)
            if before is not None:
                yield from before()
            before = after
        if before is not None:
            yield from before()

    def _batches(self, tiles: Iterator[NDArray[Any]]) -> Iterator[list[FloatArray]]:
        """Neighbours of one shape, as many as run together."""
        batch: list[FloatArray] = []
        for tile in tiles:
            if batch and (tile.shape != batch[0].shape or len(batch) >= self._limit(batch[0])):
                yield batch
                batch = []
            batch.append(tile)
        if batch:
            yield batch

    def _limit(self, tile: FloatArray) -> int:
        size = (tile.shape[0], tile.shape[1])
        if size not in self._limits:
            self._limits[size] = max(self._at_once(*size), 1)
        return self._limits[size]

    def _started(self, batch: list[FloatArray]) -> Finish:
        try:
            finish = self._start(batch)
        except NotEnoughMemoryError:
            return self._one_by_one(batch)

        def finished() -> list[FloatArray]:
            try:
                return finish()
            except NotEnoughMemoryError:
                return self._one_by_one(batch)()

        return finished

    def _one_by_one(self, batch: list[FloatArray]) -> Finish:
        """Later, when what is under way has given its memory back."""
        half = len(batch) // 2
        if half and half < self._limit(batch[0]):
            self._limits = {size: min(limit, half) for size, limit in self._limits.items()}
            self._fewer(half)
        return lambda: [self._alone(tile) for tile in batch]
