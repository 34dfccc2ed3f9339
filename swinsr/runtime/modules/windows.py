"""Swin blocks over a whole map, some windows at a time, in place.

A block never looks beyond its windows. So a map runs through it rectangle by rectangle of windows:
each is gathered (the cyclic shift is only where it is read from), transformed while it is in the
cache, and written back to where it came from. Nothing the size of the map is allocated.
"""

from collections.abc import Iterator

import torch
from einops import rearrange
from torch import Tensor

from swinsr.nn.block import SwinBlock
from swinsr.ops.backend import process_is_forced
from swinsr.ops.window_process import merge_unshift, shift_partition
from swinsr.runtime.modules.block import Forward

# Tokens worked on together: few enough to stay in the cache through a whole block; on a GPU enough
# to keep all of it at work.
CHUNK_TOKENS = 4096
CHUNK_TOKENS_ON_GPU = 1 << 20


def run_block(block: SwinBlock, forward: Forward, tokens: Tensor) -> None:
    """Transform a map by one block, in place.

    Args:
        block: the block, in evaluation mode.
        forward: its `forward_windows`, or what was made of it.
        tokens: (batch, H, W, C), H and W multiples of the window.
    """
    window = block.window
    rows, columns = tokens.shape[1] // window, tokens.shape[2] // window
    mask = block.mask(tokens.device)
    limit = CHUNK_TOKENS if tokens.device.type == "cpu" else CHUNK_TOKENS_ON_GPU
    per_chunk = max(limit // (window * window * tokens.shape[0]), 1)
    # A way that is asked for by name cuts the whole map.
    if per_chunk >= rows * columns or process_is_forced():
        windows = forward(shift_partition(tokens, window, block.shift), (rows, columns), mask)
        size = (tokens.shape[1], tokens.shape[2])
        tokens.copy_(merge_unshift(windows, window, size, block.shift))
        return
    for top, left, grid in _rectangles(rows, columns, per_chunk):
        chunk_mask = None
        if mask is not None:
            below, right = top + grid[0] == rows, left + grid[1] == columns
            if below or right:
                chunk_mask = mask[[0, right, 2 * below, 2 * below + right]]
        y = _spans(top * window, grid[0] * window, block.shift, tokens.shape[1])
        x = _spans(left * window, grid[1] * window, block.shift, tokens.shape[2])
        chunk = torch.cat([torch.cat([tokens[:, i, j] for j in x], dim=2) for i in y], dim=1)
        windows = rearrange(
            chunk, "b (r h) (c w) d -> b (r c) (h w) d", h=window, w=window
        ).contiguous()
        windows = forward(windows, grid, chunk_mask)
        done = rearrange(
            windows, "b (r c) (h w) d -> b r h c w d", r=grid[0], c=grid[1], h=window, w=window
        ).reshape(chunk.shape)
        from_row = 0
        for i in y:
            from_column = 0
            for j in x:
                to_row, to_column = from_row + i.stop - i.start, from_column + j.stop - j.start
                tokens[:, i, j] = done[:, from_row:to_row, from_column:to_column]
                from_column = to_column
            from_row = to_row


def _rectangles(
    rows: int, columns: int, windows: int
) -> Iterator[tuple[int, int, tuple[int, int]]]:
    """Cover a grid of windows: (top, left, (rows, columns)) of at most about `windows` each."""
    wide = min(columns, windows)
    tall = max(windows // wide, 1)
    for top in range(0, rows, tall):
        for left in range(0, columns, wide):
            yield top, left, (min(tall, rows - top), min(wide, columns - left))


def _spans(start: int, length: int, shift: int, side: int) -> list[slice]:
    """Where `length` pixels from `start` of a shifted axis lie in the axis itself."""
    first = (start + shift) % side
    if first + length <= side:
        return [slice(first, first + length)]
    return [slice(first, side), slice(0, first + length - side)]
