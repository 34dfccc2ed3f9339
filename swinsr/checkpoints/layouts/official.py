"""The buffers that the published networks keep beside their weights.

They follow from the configuration; this program derives them itself, and writes them only for
tools that load a state_dict strictly.
"""

from torch import Tensor, device, float32

from swinsr.errors import ConfigError
from swinsr.models import RestorationNetwork
from swinsr.nn.attention import WindowAttention, WindowAttentionV2
from swinsr.nn.block import SwinBlock
from swinsr.ops.window import shift_mask, window_kinds


def official_buffers(network: RestorationNetwork) -> dict[str, Tensor]:
    """Position indices, V2's coordinate tables and shift masks, by their published names.

    Args:
        network: its `img_size` decides the size of the masks.

    Returns:
        For each attention `relative_position_index` (tokens, tokens) int64, in V2 also
        `relative_coords_table` (1, 2 * window - 1, 2 * window - 1, 2); for each shifted block
        `attn_mask` (windows, tokens, tokens) float32.

    Raises:
        ConfigError: `img_size` is no multiple of the window; the published network has no mask
            for it.
    """
    buffers: dict[str, Tensor] = {}
    for name, module in network.named_modules():
        if isinstance(module, WindowAttention):
            buffers[f"{name}.relative_position_index"] = module.relative_position_index.clone()
        if isinstance(module, WindowAttentionV2):
            buffers[f"{name}.relative_coords_table"] = module.relative_coords_table[None].clone()
        if isinstance(module, SwinBlock) and module.shift:
            buffers[f"{name}.attn_mask"] = _mask(module, network.config.img_size)
    return buffers


def _mask(block: SwinBlock, img_size: int) -> Tensor:
    """The mask of every window of a picture of `img_size` squared, (windows, tokens, tokens)."""
    side, rest = divmod(img_size, block.window)
    if rest:
        raise ConfigError(
            f"img_size {img_size} is no multiple of the window {block.window}, so there is no "
            "attn_mask to keep; save without keep_buffers"
        )
    here = device("cpu")
    masks = shift_mask(block.window, block.shift, here, float32)
    return masks[window_kinds(side, side, here)]
