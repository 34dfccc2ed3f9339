"""Window attention in Triton as PyTorch operators, forward and backward.

Registered as `swinsr::window_attention_triton` and `swinsr::window_attention_triton_backward`,
with shapes for tracing, so that autograd, `torch.compile` and export see one operation. Triton is
imported when the first of them runs.
"""

import importlib
from typing import Any

import torch
from torch import Tensor

_MODULE = "swinsr.ops.window_attention.triton.launch"


def _forward(qkv: Tensor, *arguments: Any) -> Tensor:
    out: Tensor = importlib.import_module(_MODULE).forward(qkv, *arguments)
    return out


def _gradients(gradient: Tensor, *arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
    out: tuple[Tensor, Tensor, Tensor]
    out = importlib.import_module(_MODULE).backward(gradient, *arguments)
    return out


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
_LIBRARY: Any = torch.library.Library("swinsr", "FRAGMENT")  # type: ignore[no-untyped-call]
_LIBRARY.define(f"window_attention_triton({_INPUTS}) -> Tensor")
_LIBRARY.define(
    f"window_attention_triton_backward(Tensor gradient, {_INPUTS}) -> (Tensor, Tensor, Tensor)"
)
for _device in ("CUDA", "CPU"):  # on the CPU by Triton's interpreter
    _LIBRARY.impl("window_attention_triton", _forward, _device)
    _LIBRARY.impl("window_attention_triton_backward", _gradients, _device)
torch.library.register_fake("swinsr::window_attention_triton", _shape)
torch.library.register_fake("swinsr::window_attention_triton_backward", _gradient_shapes)
torch.library.register_autograd("swinsr::window_attention_triton", _backward, setup_context=_keep)
window_attention_triton = torch.ops.swinsr.window_attention_triton.default
window_attention_triton_backward = torch.ops.swinsr.window_attention_triton_backward.default
