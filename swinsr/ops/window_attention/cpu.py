"""Window attention by the compiled kernels, forward and backward, as PyTorch operators.

Registered as `swinsr::window_attention` and `swinsr::window_attention_backward`, with shapes for
tracing, so that `torch.compile` and `torch.export` see one operation.
"""

import ctypes
import functools
from typing import Any

import torch
from torch import Tensor

from swinsr.ops.native.calls import AttentionCall, address
from swinsr.ops.native.library import kernels
from swinsr.ops.native.scratch import floats
from swinsr.ops.native.threads import run, threads_for
from swinsr.ops.operator import operator

DTYPES = (torch.float32, torch.bfloat16)
# Gradients of bias and scale are summed in at most so many parts, whatever the threads: the result
# is the same on any number of them.
GRADIENT_SHARES = 8


@functools.cache
def _scratch_words(isa: str, tokens: int, head_dim: int) -> int:
    sizes = ctypes.c_int64(tokens), ctypes.c_int64(head_dim)
    return -(-kernels().attention_scratch(*sizes) // 16) * 16


def _prepared(
    qkv: Tensor,
    scale: Tensor,
    bias: Tensor,
    mask: Tensor | None,
    grid: tuple[int, int],
    heads: int,
    cosine: bool,
    shares: int,
) -> tuple[AttentionCall, int, list[Tensor | None]]:
    """The call with all that both directions need, its threads, and the tensors it points into."""
    native = kernels()
    windows, tokens, channels = qkv.shape
    head_dim = channels // (3 * heads)
    lanes = native.lanes()
    padded = -(-tokens // lanes) * lanes
    threads = threads_for(shares)
    words = _scratch_words(native.isa, tokens, head_dim)
    scale = scale.to(torch.float32).contiguous()
    bias = bias.to(torch.float32).contiguous()
    mask = None if mask is None else mask.to(torch.float32).contiguous()
    turned = floats(heads, tokens, padded)
    mask_turned = None if mask is None else floats(4, tokens, padded)
    scratch = floats(threads, words)
    counter = torch.zeros(1, dtype=torch.int64, device="cpu")
    call = AttentionCall(
        windows=windows,
        tokens=tokens,
        heads=heads,
        head_dim=head_dim,
        rows=grid[0],
        columns=grid[1],
        cosine=cosine,
        bfloat16=qkv.dtype == torch.bfloat16,
        shares=shares,
        qkv=address(qkv),
        scale=address(scale),
        bias=address(bias),
        mask=address(mask),
        bias_turned=address(turned),
        mask_turned=address(mask_turned),
        scratch=address(scratch),
        scratch_words=words,
        next=address(counter),
    )
    native.attention_prepare(ctypes.byref(call))
    return call, threads, [qkv, scale, bias, mask, turned, mask_turned, scratch, counter]


def _forward(
    qkv: Tensor,
    scale: Tensor,
    bias: Tensor,
    mask: Tensor | None,
    rows: int,
    columns: int,
    heads: int,
    cosine: bool,
) -> Tensor:
    """Attend inside each window.

    Args:
        qkv: (windows, tokens, 3 * dim) float32 or bfloat16.
        scale: (heads,) what the scores are multiplied by.
        bias: (heads, tokens, tokens) added to the scores.
        mask: (4, tokens, tokens) as in `swinsr.ops.window_attention`, or None.
        rows: rows of windows in one picture.
        columns: columns of windows in one picture.
        heads: how many heads share the channels.
        cosine: normalise queries and keys.

    Returns:
        (windows, tokens, dim), the heads side by side, of qkv's dtype.
    """
    qkv = qkv.contiguous()
    windows, tokens, channels = qkv.shape
    out = qkv.new_empty(windows, tokens, channels // 3)
    if not windows:
        return out
    shares = min(windows, 16)
    call, threads, kept = _prepared(qkv, scale, bias, mask, (rows, columns), heads, cosine, shares)
    call.out = address(out)
    run(kernels().attention_forward, ctypes.byref(call), threads, [*kept, out])
    return out


def _gradients(
    gradient: Tensor,
    qkv: Tensor,
    scale: Tensor,
    bias: Tensor,
    mask: Tensor | None,
    rows: int,
    columns: int,
    heads: int,
    cosine: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    """The gradients of qkv (its dtype), scale and bias (float32); arguments as the forward's."""
    qkv, gradient = qkv.contiguous(), gradient.to(qkv.dtype).contiguous()
    windows, tokens, _ = qkv.shape
    dqkv = torch.empty_like(qkv)
    if not windows:
        return dqkv, floats(heads).zero_(), floats(heads, tokens, tokens).zero_()
    dscale, dbias = floats(heads), floats(heads, tokens, tokens)
    shares = min(windows, GRADIENT_SHARES)
    call, threads, kept = _prepared(qkv, scale, bias, mask, (rows, columns), heads, cosine, shares)
    lanes = kernels().lanes()
    words = -(-heads // 16) * 16 + heads * tokens * (-(-tokens // lanes) * lanes)
    sums = floats(shares, words)
    call.dout, call.dqkv = address(gradient), address(dqkv)
    call.dscale, call.dbias = address(dscale), address(dbias)
    call.share_sums, call.share_words = address(sums), words
    kept += [gradient, dqkv, dscale, dbias, sums]
    run(kernels().attention_backward, ctypes.byref(call), threads, kept)
    kernels().attention_finish(ctypes.byref(call))
    del kept
    return dqkv, dscale, dbias


def _shape(
    qkv: Tensor,
    scale: Tensor,
    bias: Tensor,
    mask: Tensor | None,
    rows: int,
    columns: int,
    heads: int,
    cosine: bool,
) -> Tensor:
    return qkv.new_empty(qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3)


def _gradient_shapes(
    gradient: Tensor,
    qkv: Tensor,
    scale: Tensor,
    bias: Tensor,
    mask: Tensor | None,
    rows: int,
    columns: int,
    heads: int,
    cosine: bool,
) -> tuple[Tensor, Tensor, Tensor]:
    single = torch.float32
    return (
        torch.empty_like(qkv, memory_format=torch.contiguous_format),
        torch.empty_like(scale, dtype=single),
        torch.empty_like(bias, dtype=single, memory_format=torch.contiguous_format),
    )


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    qkv, scale, bias, mask, *ctx.rest = inputs
    ctx.save_for_backward(qkv, scale, bias, mask)


def _backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    qkv, scale, bias, mask = ctx.saved_tensors
    dqkv, dscale, dbias = window_attention_backward(gradient, qkv, scale, bias, mask, *ctx.rest)
    return dqkv, dscale.to(scale.dtype), dbias.to(bias.dtype), None, None, None, None, None


_INPUTS = (
    "Tensor qkv, Tensor scale, Tensor bias, Tensor? mask, "
    "int rows, int columns, int heads, bool cosine"
)
window_attention_native = operator(
    f"window_attention({_INPUTS}) -> Tensor", _forward, shape=_shape, backward=_backward, keep=_keep
)
window_attention_backward = operator(
    f"window_attention_backward(Tensor gradient, {_INPUTS}) -> (Tensor, Tensor, Tensor)",
    _gradients,
    shape=_gradient_shapes,
)
