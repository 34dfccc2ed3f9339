"""Reference window attention in plain PyTorch: what every fused kernel is held to."""

import torch.nn.functional as F
from torch import Tensor

from swinsr.ops.window import window_kinds


def window_attention_reference(
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
    if cosine:
        q, k = F.normalize(q, dim=-1), F.normalize(k, dim=-1)
    scores = (q * scale[:, None, None].to(q.dtype)) @ k.transpose(-2, -1)
    if mask is None:
        scores = scores + bias
    else:
        heads, tokens = scores.shape[1:3]
        kinds = window_kinds(*grid, scores.device)
        added = (bias + mask[:, None])[kinds]  # (rows * columns, heads, tokens, tokens)
        scores = (scores.view(-1, len(kinds), heads, tokens, tokens) + added).view(scores.shape)
    weights = scores.softmax(dim=-1)
    if dropout:
        weights = F.dropout(weights, dropout)
    return weights.to(v.dtype) @ v
