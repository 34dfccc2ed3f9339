"""Window attention: one operation for V1 and V2, several backends, one contract.

    out = softmax(scale_h * q @ k.T + bias_h + mask) @ v      per window, per head h

V1 (arXiv:2103.14030, equation 4) takes q and k as they are; V2 (arXiv:2111.09883, equation 2)
normalises both to length 1 first (`cosine`).
"""

from collections.abc import Callable

from torch import Tensor

from swinsr.errors import ConfigError
from swinsr.ops.window_attention.reference import window_attention_reference
from swinsr.ops.window_attention.sdpa import window_attention_sdpa

_BACKENDS: dict[str, Callable[..., Tensor]] = {
    "reference": window_attention_reference,
    "sdpa": window_attention_sdpa,
}
BACKENDS = ("auto", *_BACKENDS)


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
    """Attend inside each window.

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
        ConfigError: an unknown backend.
    """
    if backend == "auto":
        # The fused CPU path of scaled_dot_product_attention has no gradient for the bias.
        trains = q.requires_grad or bias.requires_grad or scale.requires_grad
        backend = "reference" if trains or dropout else "sdpa"
    if backend not in _BACKENDS:
        raise ConfigError(f"unknown attention backend {backend!r}; choose from {BACKENDS}")
    return _BACKENDS[backend](q, k, v, scale, bias, mask, grid, cosine=cosine, dropout=dropout)


__all__ = ["BACKENDS", "window_attention"]
