"""A stage of a hierarchical network: Swin blocks on maps of any size, then patch merging.

The classifiers' blocks are the restoration networks' blocks; they differ in what happens at the
edge. A restoration network pads the picture once. Here each block pads what enters its attention
with zeros to whole windows, and crops afterwards, as detectors built on Swin do; so a map that the
windows divide is treated exactly as published, and one that they do not as in common use: padded,
then shifted, as transformers and detectors do, or with `roll_first` the other way round, as timm.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from swinsr.nn.attention import WindowAttention, WindowAttentionV2
from swinsr.nn.block import SwinBlock, SwinBlockV2
from swinsr.nn.merging import PatchMerging, PatchMergingV2, pad_with_zeros
from swinsr.ops.window import shift_mask
from swinsr.ops.window_process import merge_unshift, shift_partition


class StageBlock(SwinBlock):
    """V1 block on a map of any size."""

    roll_first = False

    def shift_at(self, height: int, width: int) -> int:
        """The shift on a map of this size: none where one window covers a side (published rule)."""
        return self.shift if min(height, width) > self.window else 0

    def attend(self, x: Tensor) -> Tensor:
        """Shifted-window attention on a map, padded inside: (batch, H, W, C) -> the same."""
        if self.roll_first:
            return self.attend_rolled(x)
        height, width = x.shape[1:3]
        shift = self.shift_at(height, width)
        padded = pad_with_zeros(x, self.window)
        size = (padded.shape[1], padded.shape[2])
        mask = shift_mask(self.window, shift, x.device, torch.float32) if shift else None
        windows = shift_partition(padded, self.window, shift, backend=self.process)
        windows = self.attn(windows, (size[0] // self.window, size[1] // self.window), mask)
        merged = merge_unshift(windows, self.window, size, shift, backend=self.process)
        return merged[:, :height, :width]

    def attention_for(self, height: int, width: int) -> WindowAttention:
        """The attention for a map of this size."""
        return self.attn

    def attend_rolled(self, x: Tensor) -> Tensor:
        """As `attend` in timm's order: shift, then pad; each side is shifted by itself."""
        height, width = x.shape[1:3]
        attention = self.attention_for(height, width)
        window = attention.window
        down, across = (self.shift if side > window else 0 for side in (height, width))
        padded = pad_with_zeros(torch.roll(x, (-down, -across), (1, 2)), window)
        size = (padded.shape[1], padded.shape[2])
        mask = None
        if down or across:
            mask = shift_mask(window, self.shift, x.device, torch.float32)
            # Of the four kinds of window those below and at the right have masks of their own.
            mask = mask[[0, 1 * bool(across), 2 * bool(down), 2 * bool(down) + bool(across)]]
        windows = shift_partition(padded, window, 0, backend=self.process)
        windows = attention(windows, (size[0] // window, size[1] // window), mask)
        merged = merge_unshift(windows, window, size, 0, backend=self.process)
        return torch.roll(merged[:, :height, :width], (down, across), (1, 2))

    def transform(self, x: Tensor) -> Tensor:
        """The block on a map, without gradient checkpointing."""
        return self.residuals(x, self.attend, self.factors(x))


class StageBlockV2(StageBlock, SwinBlockV2):
    """V2 block on a map of any size."""

    def attention_for(self, height: int, width: int) -> WindowAttention:
        """As in timm: windows are no larger than the map. Those of an oblong one are padded."""
        assert isinstance(self.attn, WindowAttentionV2)
        if height == width < self.window:
            return self.attn.at_window(height)
        return self.attn

    def start_as_identity(self) -> None:
        """V2's published start: norms at zero, so that each block begins as the identity."""
        for norm in (self.norm1, self.norm2):
            nn.init.zeros_(norm.weight)
            nn.init.zeros_(norm.bias)


class Stage(nn.Module):
    """Blocks in a row, every second one shifted, and what leads to the next stage."""

    block: type[StageBlock] = StageBlock
    merging: type[PatchMerging] = PatchMerging

    def __init__(
        self,
        dim: int,
        depth: int,
        heads: int,
        window: int,
        drop_path: Sequence[float],
        *,
        merge: bool,
        roll_first: bool = False,
        **options: Any,
    ) -> None:
        """`drop_path` has one rate a block; `merge` for all but the last stage.

        `roll_first` shifts before padding; `options` go to every block.
        """
        super().__init__()
        blocks = [
            self.block(dim, heads, window, window // 2 * (i % 2), drop_path=drop_path[i], **options)
            for i in range(depth)
        ]
        for block in blocks:
            block.roll_first = roll_first
        self.blocks = nn.ModuleList(blocks)
        self.downsample = self.merging(dim) if merge else None

    def run_blocks(self, x: Tensor) -> Tensor:
        """(batch, H, W, C) -> the same."""
        for block in self.blocks:
            x = block(x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        """(batch, H, W, C) -> (batch, ceil(H / 2), ceil(W / 2), 2 C), or the same when last."""
        x = self.run_blocks(x)
        if self.downsample is not None:
            x = self.downsample(x)
        return x


class StageV2(Stage):
    """V2: norms after attention and MLP, and after the merging's linear map."""

    block = StageBlockV2
    merging = PatchMergingV2
