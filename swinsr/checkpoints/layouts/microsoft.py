"""The published Swin files: our own names, with buffers beside the weights.

Buffers follow from the configuration; they are written only for tools that load a state_dict
strictly.
"""

import torch
from torch import Tensor

from swinsr.errors import ConfigError
from swinsr.models import SwinTransformer
from swinsr.nn.attention import WindowAttentionV2
from swinsr.nn.stage import Stage, StageBlock
from swinsr.ops.window import shift_mask, window_kinds


def published_buffers(network: SwinTransformer) -> dict[str, Tensor]:
    """Position indices, V2's coordinate tables and shift masks, by their published names.

    Returns:
        For each attention `relative_position_index` (tokens, tokens) int64, in V2 also
        `relative_coords_table` (1, 2 * window - 1, 2 * window - 1, 2); for each block that shifts
        at the configured `img_size` its `attn_mask` (windows, tokens, tokens) float32.

    Raises:
        ConfigError: the windows do not divide a stage's map at `img_size`; the published network
            does not exist at that size.
    """
    buffers: dict[str, Tensor] = {}
    for i, stage in enumerate(network.layers):
        assert isinstance(stage, Stage)
        side = network.config.grid(i)
        for j, block in enumerate(stage.blocks):
            assert isinstance(block, StageBlock)
            name = f"layers.{i}.blocks.{j}"
            index = block.attn.relative_position_index
            buffers[f"{name}.attn.relative_position_index"] = index.cpu().clone()
            if isinstance(block.attn, WindowAttentionV2):
                table = block.attn.relative_coords_table[None]
                buffers[f"{name}.attn.relative_coords_table"] = table.cpu().clone()
            if block.shift_at(side, side):
                buffers[f"{name}.attn_mask"] = _mask(block, side)
    return buffers


def _mask(block: StageBlock, side: int) -> Tensor:
    """The mask of every window of a square map, (windows, tokens, tokens)."""
    windows, rest = divmod(side, block.window)
    if rest:
        raise ConfigError(
            f"a map of {side} tokens a side is no multiple of the window {block.window}, so there "
            "is no attn_mask to keep; save without keep_buffers"
        )
    here = torch.device("cpu")
    masks = shift_mask(block.window, block.shift, here, torch.float32)
    return masks[window_kinds(windows, windows, here)]
