"""Window attention on the packed projection, as networks compute it."""

import torch
from einops import rearrange
from torch import Tensor

from swinsr.ops.backend import attention_backend
from swinsr.ops.window_attention.cpu import window_attention_native
from swinsr.ops.window_attention.reference import window_attention_reference
from swinsr.ops.window_attention.sdpa import window_attention_sdpa
from swinsr.ops.window_attention.triton.operators import window_attention_triton


def window_attention_packed(
    qkv: Tensor,
    scale: Tensor,
    bias: Tensor,
    mask: Tensor | None,
    grid: tuple[int, int],
    *,
    heads: int,
    cosine: bool,
    dropout: float = 0.0,
    backend: str = "auto",
) -> Tensor:
    """Attend inside each window.

    Args:
        qkv: (windows, tokens, 3 * dim): queries, keys, values, each with its heads side by side;
            windows = batch * rows * columns.
        scale, bias, mask, grid, cosine, dropout, backend: as for `window_attention`.
        heads: dim is a multiple of it.

    Returns:
        (windows, tokens, dim), the heads side by side.

    Raises:
        ConfigError: an unknown backend, or one that has no dropout.
        DeviceError: a backend that cannot run here.
    """
    trains = torch.is_grad_enabled() and (
        qkv.requires_grad or bias.requires_grad or scale.requires_grad
    )
    name = attention_backend(backend, qkv.device, qkv.dtype, dropout=dropout, trains=trains)
    fused = {"native": window_attention_native, "triton": window_attention_triton}
    if name in fused:
        out: Tensor = fused[name](qkv, scale, bias, mask, *grid, heads, cosine)
        return out
    q, k, v = rearrange(qkv, "n t (three h d) -> three n h t d", three=3, h=heads)
    function = window_attention_sdpa if name == "sdpa" else window_attention_reference
    out = function(q, k, v, scale, bias, mask, grid, cosine=cosine, dropout=dropout)
    return rearrange(out, "n h t d -> n t (h d)")
