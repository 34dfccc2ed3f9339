"""A Swin block made ready for a GPU: two Triton kernels on the whole map."""

import torch
from torch import Tensor

from swinsr.nn.block import SwinBlock, SwinBlockV2
from swinsr.ops.swin_block.triton.operators import block_attention_triton, block_mlp_triton
from swinsr.runtime.modules.block import after_norm


class TritonBlock:
    """From a map of tokens into another or the same; later changes of the weights are not seen."""

    def __init__(self, block: SwinBlock, dtype: torch.dtype) -> None:
        """Copy the weights, those of the linear layers in `dtype`."""
        self.block, attention, mlp = block, block.attn, block.mlp
        qkv: tuple[Tensor, Tensor | None] = (attention.qkv.weight, attention.qkv_bias())
        fc1: tuple[Tensor, Tensor | None] = (mlp.fc1.weight, mlp.fc1.bias)
        if not isinstance(block, SwinBlockV2):
            qkv, fc1 = after_norm(*qkv, block.norm1), after_norm(*fc1, block.norm2)

        def layer(weight: Tensor, bias: Tensor | None) -> list[Tensor]:
            shift = torch.zeros(len(weight), device=weight.device) if bias is None else bias
            return [weight.detach().to(dtype).contiguous(), shift.detach().float().contiguous()]

        self._attention = [
            *(block.norm1.weight.detach(), block.norm1.bias.detach()),
            *layer(*qkv),
            *layer(attention.proj.weight, attention.proj.bias),
        ]
        self._mlp = [
            *(block.norm2.weight.detach(), block.norm2.bias.detach()),
            *layer(*fc1),
            *layer(mlp.fc2.weight, mlp.fc2.bias),
        ]
        self._settings = (block.window, block.shift, attention.heads, block.generation)

    def __call__(self, tokens: Tensor, out: Tensor) -> None:
        """(batch, H, W, C) float32, contiguous; `out` may be `tokens`."""
        block = self.block
        scores = (block.attn.scale(), block.attn.position_bias().contiguous())
        mask = block.mask(tokens.device)
        block_attention_triton(out, tokens, *scores, mask, *self._attention, *self._settings)
        block_mlp_triton(out, out, *self._mlp, block.generation)
