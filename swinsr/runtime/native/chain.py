"""Convolutions one after another by the compiled kernels, strip by strip of rows.

A strip is taken through all of them while it is small; at each layer it is as much taller than the
strip of the result as the layers that follow look around. So nothing but the result has its size.
"""

import itertools
import math
import operator
from collections.abc import Callable, Sequence

from torch import Tensor

from swinsr.ops.convolution.cpu import Convolution
from swinsr.runtime import strips

# Rows of the input that a strip has at least: of fewer, too many are computed twice.
LEAST_ROWS = 16


class Chain:
    """From a map to a map, both (batch, H, W, C) float32."""

    def __init__(self, layers: Sequence[Convolution]) -> None:
        """`layers` in their order; each keeps or enlarges the size."""
        self.layers = list(layers)
        self.scale = math.prod(layer.nearest * layer.shuffle for layer in layers)
        self.channels = layers[-1].channels

    def into(
        self,
        out: Tensor,
        x: Tensor,
        *,
        add: bool = False,
        tick: Callable[[float], None] = lambda share: None,
    ) -> None:
        """Apply all layers.

        Args:
            out: float32 (batch, H * scale, W * scale, channels), contiguous.
            x: float32 (batch, H, W, inputs), contiguous; none of out's memory.
            add: add to what is in `out`.
            tick: notified with the share of the rows that each strip was.
        """
        batch, height, width, _ = x.shape
        plan = self._plan(height, width * batch)
        rooms = [x.new_empty(size) for size in self.room_sizes(height, width * batch)]
        for ranges in plan:
            slab, start = x, 0
            for layer, room, (low, high) in zip(self.layers, rooms, ranges, strict=True):
                last_one = layer is self.layers[-1]
                rows_out = slice(low * layer.shuffle, high * layer.shuffle)
                if last_one:
                    target = out[:, rows_out]
                else:
                    wide = slab.shape[2] * layer.nearest * layer.shuffle
                    size = (batch, rows_out.stop - rows_out.start, wide, layer.channels)
                    target = room[: math.prod(size)].view(size)
                layer.into(target, slab, top=low - start * layer.nearest, add=add and last_one)
                slab, start = target, rows_out.start
            tick((rows_out.stop - rows_out.start) / out.shape[1])

    def room_sizes(self, height: int, width: int) -> list[int]:
        """Values that each layer leaves to the next, in its largest strip; 0 for the last.

        Args:
            height: of the input.
            width: of the inputs of a batch, together.
        """
        plan, sizes = self._plan(height, width), []
        for i, layer in enumerate(self.layers[:-1]):
            width *= layer.nearest * layer.shuffle
            rows = layer.shuffle * max(high - low for low, high in (s[i] for s in plan))
            sizes.append(rows * width * layer.channels)
        return [*sizes, 0]

    def _plan(self, height: int, width: int) -> list[list[tuple[int, int]]]:
        """For every strip the rows that each layer computes, counted around its convolution."""
        rows = self.rows_per_strip(height, width)
        return [
            self._ranges(first, min(first + rows, height), height)
            for first in range(0, height, rows)
        ]

    def rows_per_strip(self, height: int, width: int) -> int:
        """Rows of the input that are worked on together."""
        if len(self.layers) == 1:
            return height
        return min(max(strips.STRIP_VALUES // (width * self.values_inside()), LEAST_ROWS), height)

    def values_inside(self) -> int:
        """Values that a pixel of the input takes between the layers."""
        factors = (layer.nearest * layer.shuffle for layer in self.layers)
        scales = itertools.accumulate(factors, operator.mul)
        inside = zip(self.layers[:-1], scales, strict=False)
        return sum(layer.channels * scale**2 for layer, scale in inside)

    def _ranges(self, first: int, last: int, height: int) -> list[tuple[int, int]]:
        """What `_plan` has of the strip of the input's rows from `first` to `last`."""
        low, high = first * self.scale, last * self.scale
        height *= self.scale
        ranges = []
        for layer in reversed(self.layers):
            height //= layer.shuffle
            low, high = low // layer.shuffle, -(-high // layer.shuffle)
            ranges.append((low, high))
            low = max(low - 1, 0) // layer.nearest
            high = -(-min(high + 1, height) // layer.nearest)
            height //= layer.nearest
        return ranges[::-1]
