"""Window attention on separate queries, keys and values."""

import torch
from einops import rearrange
from torch import Tensor

from swinsr.ops.backend import attention_backend
from swinsr.ops.window_attention.cpu import window_attention_native
from swinsr.ops.window_attention.reference import window_attention_reference
from swinsr.ops.window_attention.sdpa import window_attention_sdpa
from swinsr.ops.window_attention.triton.operators import window_attention_triton


def window_attention(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    scale: Tensor,
    bias: Tensor,
    mask: Tensor | None,
    grid: tuple[int, int],
    *,
    cosine: bool,
    dropout: float = 0.0,
    backend: str = "auto",
) -> Tensor:
    """Attend inside each window. Networks take `window_attention_packed`, which copies less.

    Args:
        q, k, v: (batch * rows * columns, heads, tokens, head_dim); tokens = window ** 2.
        scale: (heads,) what the scores are multiplied by.
        bias: (heads, tokens, tokens) added to the scores.
        mask: (4, tokens, tokens) additive, for windows in the interior, the last column, the last
            row and the corner (`swinsr.ops.window.shift_mask`); None without a shift.
        grid: (rows, columns) of windows in one picture.
        cosine: normalise q and k (V2).
        dropout: share of attention weights dropped; the caller passes 0 outside training.
        backend: one of `BACKENDS`; "auto" takes the quickest that computes what is asked.

    Returns:
        (batch * rows * columns, heads, tokens, head_dim).

    Raises:
        ConfigError: an unknown backend, or one that has no dropout.
        DeviceError: a backend that cannot run here.
    """
    trains = torch.is_grad_enabled() and (
        q.requires_grad or bias.requires_grad or scale.requires_grad
    )
    name = attention_backend(backend, q.device, q.dtype, dropout=dropout, trains=trains)
    fused = {"native": window_attention_native, "triton": window_attention_triton}
    if name in fused:
        packed = torch.cat([rearrange(x, "n h t d -> n t (h d)") for x in (q, k, v)], dim=-1)
        out = fused[name](packed, scale, bias, mask, *grid, q.shape[1], cosine)
        heads_apart: Tensor = rearrange(out, "n t (h d) -> n h t d", h=q.shape[1])
        return heads_apart
    function = window_attention_sdpa if name == "sdpa" else window_attention_reference
    return function(q, k, v, scale, bias, mask, grid, cosine=cosine, dropout=dropout)
