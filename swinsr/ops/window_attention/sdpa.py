"""Window attention through PyTorch's scaled_dot_product_attention.

The mask is never expanded to one per window: the four kinds of window are four rectangles of the
grid of windows, and each is one call with a bias that broadcasts.
"""

import torch
import torch.nn.functional as F
from torch import Tensor


def window_attention_sdpa(
    q: Tensor,
    k: Tensor,
    v: Tensor,
    scale: Tensor,
    bias: Tensor,
    mask: Tensor | None,
    grid: tuple[int, int],
    *,
    cosine: bool,
    dropout: float,
) -> Tensor:
    """Attend inside each window; arguments and result as `window_attention`."""
    assert not dropout
    if cosine:
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
    q = q * scale[:, None, None].to(q.dtype)
    bias = bias.to(q.dtype)
    if mask is None:
        return F.scaled_dot_product_attention(q, k, v, attn_mask=bias[None], scale=1.0)
    rows, columns = grid
    heads, tokens, head_dim = q.shape[1:]
    shape = (-1, rows, columns, heads, tokens, head_dim)
    q, k, v = q.view(shape), k.view(shape), v.view(shape)
    strips = []
    for below in (0, 1):
        y = slice(rows - 1, rows) if below else slice(0, rows - 1)
        parts = []
        for right in (0, 1):
            x = slice(columns - 1, columns) if right else slice(0, columns - 1)
            kind = mask[2 * below + right].to(q.dtype)
            parts.append(_attend(q[:, y, x], k[:, y, x], v[:, y, x], bias + kind))
        strips.append(torch.cat(parts, dim=2))
    return torch.cat(strips, dim=1).flatten(0, 2)


def _attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
    """One rectangle of the grid: (batch, rows, columns, heads, tokens, head_dim)."""
    if not q.numel():
        return torch.empty_like(q)
    out = F.scaled_dot_product_attention(
        q.flatten(0, 2), k.flatten(0, 2), v.flatten(0, 2), attn_mask=bias[None], scale=1.0
    )
    return out.view(q.shape)
