"""Convolutions one after another by the compiled kernels, strip by strip of rows.

A strip is taken through all of them while it is small; at each layer it is as much taller than the
strip of the result as the layers that follow look around. So nothing but the result has its size.
"""

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from swinsr.inference import strips
from swinsr.nn.heads import (
    NearestConvHead,
    PixelShuffleDirectHead,
    PixelShuffleHead,
    RestorationHead,
)
from swinsr.ops.native.convolution import Convolution

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
            tick: told the share of the rows that each strip was.
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
        scales = itertools.accumulate(
            (layer.nearest * layer.shuffle for layer in self.layers), lambda a, b: a * b
        )
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


class Layer(NamedTuple):
    """A convolution of 3x3 or 1x1 pixels that keeps the size, and what is around it."""

    weight: Tensor
    bias: Tensor | None
    nearest: int = 1
    slope: float = 1.0
    shuffle: int = 1


def chain_of(layers: Sequence[Layer], *, bfloat16: bool, exact_end: bool = False) -> Chain:
    """Prepare layers; their weights are copied.

    Args:
        layers: in their order.
        bfloat16: multiply in it, where the processor does so natively.
        exact_end: but not in the last one.
    """
    prepared = []
    for i, (weight, bias, nearest, slope, shuffle) in enumerate(layers):
        if weight.shape[-1] == 1:
            weight = F.pad(weight, (1, 1, 1, 1))
        rounded = bfloat16 and not (exact_end and i == len(layers) - 1)
        prepared.append(
            Convolution(
                weight, bias, nearest=nearest, slope=slope, shuffle=shuffle, bfloat16=rounded
            )
        )
    return Chain(prepared)


def layers_of(*modules: nn.Module) -> list[Layer]:
    """Convolutions, each with the leaky ReLUs and pixel shuffles after it; sequences of those."""
    layers: list[Layer] = []
    for module in modules:
        if isinstance(module, nn.Sequential):
            layers += layers_of(*module)
        elif isinstance(module, nn.Conv2d):
            layers.append(Layer(module.weight, module.bias))
        elif isinstance(module, nn.LeakyReLU):
            layers[-1] = layers[-1]._replace(slope=module.negative_slope)
        elif isinstance(module, nn.PixelShuffle):
            layers[-1] = layers[-1]._replace(shuffle=module.upscale_factor)
        else:
            raise TypeError(f"{type(module).__name__} is no part of a chain")
    return layers


def residual_layers(conv: nn.Module, projection: nn.Module | None) -> list[Layer]:
    """Those that end a group or a body.

    Args:
        conv: a "1conv" or "3conv".
        projection: Swin2SR's 1x1 convolution after it; it goes into the last layer's weights.
    """
    layers = layers_of(conv)
    if isinstance(projection, nn.Conv2d):
        after = projection.weight.double()[:, :, 0, 0]
        weight, bias, *_ = layers[-1]
        weight = torch.einsum("om,mihw->oihw", after, weight.double())
        shift = torch.zeros(len(after)) if projection.bias is None else projection.bias
        bias = shift.double() if bias is None else after @ bias.double() + shift.double()
        layers[-1] = Layer(weight.float(), bias.float())
    return layers


def head_layers(head: nn.Module) -> list[Layer] | None:
    """A head's layers; None for one that is more than a chain."""
    if isinstance(head, PixelShuffleHead):
        return layers_of(head.conv_before_upsample, head.upsample, head.conv_last)
    if isinstance(head, PixelShuffleDirectHead):
        return layers_of(head.upsample)
    if isinstance(head, RestorationHead):
        return layers_of(head.conv_last)
    if isinstance(head, NearestConvHead):
        steps = [Layer(s.weight, s.bias, nearest=2, slope=0.2) for s in head.steps]
        high = Layer(head.conv_hr.weight, head.conv_hr.bias, slope=0.2)
        return [*layers_of(head.conv_before_upsample), *steps, high, *layers_of(head.conv_last)]
    return None
