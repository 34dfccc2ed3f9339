"""Window attention in Triton as PyTorch operators, forward and backward.

Registered as `swinsr::window_attention_triton` and `swinsr::window_attention_triton_backward`,
with shapes for tracing, so that autograd, `torch.compile` and export see one operation. Triton is
imported when the first of them runs.
"""

from typing import Any

import torch
from torch import Tensor

from swinsr.ops.operator import later, operator

_MODULE = "swinsr.ops.window_attention.triton.launch"


def _shape(qkv: Tensor, *_: Any) -> Tensor:
    return qkv.new_empty(qkv.shape[0], qkv.shape[1], qkv.shape[2] // 3)


def _gradient_shapes(
    gradient: Tensor, qkv: Tensor, scale: Tensor, bias: Tensor, *_: Any
) -> tuple[Tensor, Tensor, Tensor]:
    return (
        qkv.new_empty(qkv.shape),
        scale.new_empty(scale.shape, dtype=torch.float32),
        bias.new_empty(bias.shape, dtype=torch.float32),
    )


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    qkv, scale, bias, mask, *ctx.rest = inputs
    ctx.save_for_backward(qkv, scale, bias, mask)


def _backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    qkv, scale, bias, mask = ctx.saved_tensors
    dqkv, dscale, dbias = window_attention_triton_backward(
        gradient, qkv, scale, bias, mask, *ctx.rest
    )
    return dqkv, dscale.to(scale.dtype), dbias.to(bias.dtype), None, None, None, None, None


_INPUTS = (
    "Tensor qkv, Tensor scale, Tensor bias, Tensor? mask, "
    "SymInt rows, SymInt columns, int heads, bool cosine"
)
_DEVICES = ("CUDA", "CPU")  # on the CPU by Triton's interpreter
window_attention_triton = operator(
    f"window_attention_triton({_INPUTS}) -> Tensor",
    later(_MODULE, "forward"),
    devices=_DEVICES,
    shape=_shape,
    backward=_backward,
    keep=_keep,
)
window_attention_triton_backward = operator(
    f"window_attention_triton_backward(Tensor gradient, {_INPUTS}) -> (Tensor, Tensor, Tensor)",
    later(_MODULE, "backward"),
    devices=_DEVICES,
    shape=_gradient_shapes,
)
