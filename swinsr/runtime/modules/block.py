"""A Swin block made ready for inference: folded norms, packed linears, one attention operation.

The residual stream stays float32; between two additions to it the work is in `dtype`. V1's norms
end in a scale and a shift for each channel, which the linear layer that follows takes over.
"""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from swinsr.nn.block import SwinBlock, SwinBlockV2
from swinsr.runtime.modules.linear import Linear

Forward = Callable[[Tensor, tuple[int, int], Tensor | None], Tensor]


def fast_block(block: SwinBlock, dtype: torch.dtype) -> Forward:
    """The block's `forward_windows`, prepared; later changes of its weights are not seen.

    Args:
        block: in evaluation mode.
        dtype: float32 or bfloat16, of everything but the residual stream.

    Returns:
        (batch, windows, tokens, C) float32, grid, masks -> the same shape, float32.
    """
    return _BlockV2(block, dtype) if isinstance(block, SwinBlockV2) else _Block(block, dtype)


def after_norm(weight: Tensor, bias: Tensor | None, norm: nn.LayerNorm) -> tuple[Tensor, Tensor]:
    """W (g x + b) + c = (W g) x + (W b + c), in float64 before it is rounded once."""
    wide, shift = weight.double(), norm.bias.double()
    total = wide @ shift if bias is None else wide @ shift + bias.double()
    return (wide * norm.weight.double()).float(), total.float()


class _Block:
    """V1: norm, attention, residual, norm, MLP, residual."""

    def __init__(self, block: SwinBlock, dtype: torch.dtype) -> None:
        attention = block.attn
        self.block, self.dtype = block, dtype
        self.qkv = self.after_norm(attention.qkv.weight, attention.qkv_bias(), block.norm1)
        self.proj = Linear(attention.proj.weight, attention.proj.bias, dtype)
        self.fc1 = self.after_norm(block.mlp.fc1.weight, block.mlp.fc1.bias, block.norm2)
        self.fc2 = Linear(block.mlp.fc2.weight, block.mlp.fc2.bias, dtype)

    def after_norm(self, weight: Tensor, bias: Tensor | None, norm: nn.LayerNorm) -> Linear:
        """The layer with the norm's weights in its own."""
        return Linear(*after_norm(weight, bias, norm), self.dtype)

    def attend(self, x: Tensor, grid: tuple[int, int], mask: Tensor | None) -> Tensor:
        """Attention up to the projection: (batch, windows, tokens, C) -> the same."""
        return self.block.attn.attend(self.qkv(x), grid, mask)

    def normed(self, x: Tensor) -> Tensor:
        return F.layer_norm(x, x.shape[-1:]).to(self.dtype)

    def __call__(self, x: Tensor, grid: tuple[int, int], mask: Tensor | None) -> Tensor:
        attended = self.attend(self.normed(x), grid, mask)
        if self.dtype == torch.float32:
            x = self.proj.add(attended, x)
            return self.fc2.add(self.fc1.gelu(self.normed(x)), x)
        x = x + self.proj(attended)
        return x.add_(self.fc2(self.fc1.gelu(self.normed(x))))


class _BlockV2(_Block):
    """V2: attention, norm, residual, MLP, norm, residual."""

    def after_norm(self, weight: Tensor, bias: Tensor | None, norm: nn.LayerNorm) -> Linear:
        """V2's norms come after; nothing is folded."""
        return Linear(weight, bias, self.dtype)

    def __call__(self, x: Tensor, grid: tuple[int, int], mask: Tensor | None) -> Tensor:
        block = self.block
        attended = self.proj(self.attend(x.to(self.dtype), grid, mask))
        x = x + block.norm1(attended.float())
        out = self.fc2(self.fc1.gelu(x.to(self.dtype)))
        return x.add_(block.norm2(out.float()))
