"""A whole Swin block by the compiled kernels, forward and backward, as PyTorch operators.

Window by window the block is read from the map, computed and written back, so that nothing but
the map itself goes through memory; the backward pass computes the forward again and keeps only the
block's input. Registered as `swinsr::swin_block` and `swinsr::swin_block_backward`.
"""

import ctypes
from typing import Any

import torch
from torch import Tensor

from swinsr.ops.native.calls import BLOCK_PARAMETERS, BlockCall, Parameter, address
from swinsr.ops.native.library import kernels
from swinsr.ops.native.scratch import floats, give_back, take
from swinsr.ops.native.threads import run, threads_for
from swinsr.ops.operator import nothing, operator

FORWARD_SHARES = 16
GRADIENT_SHARES = 8  # as for attention: sums do not depend on the threads


class _Prepared:
    """A call with its weights in the kernels' forms, and the tensors that it points into."""

    def __init__(
        self,
        x: Tensor,
        tensors: list[Tensor | None],
        settings: tuple[int, int, int, int, bool],
        shares: int,
    ) -> None:
        window, shift, heads, version, bfloat16 = settings
        native = kernels()
        batch, height, width, channels = x.shape
        windows = batch * (height // window) * (width // window)
        kept = [None if t is None else t.to(torch.float32).contiguous() for t in (x, *tensors)]
        x_, scale, bias, mask, *parameters = kept
        fc1 = parameters[BLOCK_PARAMETERS.index("fc1_weight")]
        assert fc1 is not None
        self.shares = max(min(windows, shares), 1)
        self.counter = torch.zeros(1, dtype=torch.int64, device="cpu")
        self.call = call = BlockCall(
            batch=batch,
            height=height,
            width=width,
            window=window,
            shift=shift,
            channels=channels,
            heads=heads,
            hidden=fc1.shape[0],
            version=version,
            bfloat16=bfloat16,
            shares=self.shares,
            x=address(x_),
            scale=Parameter(address(scale), None),
            bias=Parameter(address(bias), None),
            mask=address(mask),
            next=address(self.counter),
        )
        for name, value in zip(BLOCK_PARAMETERS, parameters, strict=True):
            setattr(call, name, Parameter(address(value), None))
        self.pointer = ctypes.byref(call)
        self.threads = threads_for(self.shares)
        prepared = take(native.block_prepared(self.pointer))
        call.scratch_words = native.block_scratch(self.pointer)
        scratch = take(self.threads * call.scratch_words)
        call.prepared, call.scratch = address(prepared), address(scratch)
        self.kept, self.rooms = kept, [prepared, scratch]
        native.block_prepare(self.pointer)


def _into(
    out: Tensor,
    x: Tensor,
    tensors: list[Tensor | None],
    window: int,
    shift: int,
    heads: int,
    version: int,
    bfloat16: bool,
) -> None:
    """The block on a map, into memory that is there already, without gradients.

    Args:
        out: float32, contiguous, of x's shape; it may be x itself, as every window is read before
            it is written and belongs to no other.
        x: as `swin_block_native` takes it.
        tensors: scale to fc2_bias, in the order of `swin_block_native`.
        window, shift, heads, version, bfloat16: as for `swin_block_native`.
    """
    prepared = _Prepared(x, tensors, (window, shift, heads, version, bfloat16), FORWARD_SHARES)
    prepared.call.out = address(out)
    run(kernels().block_forward, prepared.pointer, prepared.threads, [prepared, out])
    give_back(*prepared.rooms)


def _forward(
    x: Tensor,
    scale: Tensor,
    bias: Tensor,
    mask: Tensor | None,
    norm1_weight: Tensor,
    norm1_bias: Tensor,
    qkv_weight: Tensor,
    qkv_bias: Tensor | None,
    proj_weight: Tensor,
    proj_bias: Tensor,
    norm2_weight: Tensor,
    norm2_bias: Tensor,
    fc1_weight: Tensor,
    fc1_bias: Tensor,
    fc2_weight: Tensor,
    fc2_bias: Tensor,
    window: int,
    shift: int,
    heads: int,
    version: int,
    bfloat16: bool,
) -> Tensor:
    """The block on a map.

    Args:
        x: (batch, height, width, channels), height and width multiples of the window.
        scale: (heads,); bias: (heads, tokens, tokens); mask: (4, tokens, tokens) or None, as
            `swinsr.ops.window_attention` takes them.
        norm1_weight ... fc2_bias: the block's parameters; qkv_bias may be None.
        window: side of a window.
        shift: cyclic shift in pixels.
        heads: number of heads.
        version: 1 for SwinIR's block, 2 for Swin2SR's.
        bfloat16: multiply in bfloat16 where the processor does so natively; sums, norms, softmax
            and the residual stream are float32 in any case.

    Returns:
        A float32 map like x.
    """
    tensors = [scale, bias, mask, norm1_weight, norm1_bias, qkv_weight, qkv_bias, proj_weight]
    tensors += [proj_bias, norm2_weight, norm2_bias, fc1_weight, fc1_bias, fc2_weight, fc2_bias]
    out = floats(*x.shape)
    _into(out, x, tensors, window, shift, heads, version, bfloat16)
    return out


def _gradients(
    gradient: Tensor,
    x: Tensor,
    tensors: list[Tensor | None],
    window: int,
    shift: int,
    heads: int,
    version: int,
    bfloat16: bool,
) -> list[Tensor]:
    """The gradients of x and of every tensor but the mask, float32; a missing one is empty."""
    prepared = _Prepared(x, tensors, (window, shift, heads, version, bfloat16), GRADIENT_SHARES)
    call, native = prepared.call, kernels()
    gradient = gradient.to(torch.float32).contiguous()
    results = [floats(*x.shape)]
    call.dout, call.dx = address(gradient), address(results[0])
    names = ["scale", "bias", "mask", *BLOCK_PARAMETERS]
    for name, tensor in zip(names, tensors, strict=True):
        if name == "mask":
            continue
        result = floats(*((0,) if tensor is None else tensor.shape))
        results.append(result)
        if tensor is not None:
            getattr(call, name).gradient = address(result)
    call.share_words = native.block_sums(prepared.pointer)
    sums = take(prepared.shares * call.share_words)
    call.share_sums = address(sums)
    kept = [prepared, gradient, *results, sums]
    run(native.block_backward, prepared.pointer, prepared.threads, kept)
    native.block_finish(prepared.pointer)
    give_back(sums, *prepared.rooms)
    return results


def _shape(x: Tensor, *_: object) -> Tensor:
    return torch.empty_like(x, dtype=torch.float32, memory_format=torch.contiguous_format)


def _gradient_shapes(
    gradient: Tensor, x: Tensor, tensors: list[Tensor | None], *_: object
) -> list[Tensor]:
    like = [x, *tensors[:2], *tensors[3:]]
    return [x.new_empty(0 if t is None else t.shape, dtype=torch.float32) for t in like]


_TENSORS = 3 + len(BLOCK_PARAMETERS)


def _keep(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    ctx.save_for_backward(*inputs[: 1 + _TENSORS])
    ctx.settings = inputs[1 + _TENSORS :]


def _backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    x, *tensors = ctx.saved_tensors
    results = swin_block_backward(gradient, x, tensors, *ctx.settings)
    results.insert(3, None)  # the mask
    typed = [
        None if tensor is None or result is None else result.to(tensor.dtype)
        for tensor, result in zip((x, *tensors), results, strict=True)
    ]
    return (*typed, None, None, None, None, None)


_SETTINGS = "int window, int shift, int heads, int version, bool bfloat16"
_OPTIONAL = ("mask", "qkv_bias")
_NAMED = ", ".join(
    f"Tensor{'?' if name in _OPTIONAL else ''} {name}"
    for name in ("x", "scale", "bias", "mask", *BLOCK_PARAMETERS)
)
_LISTED = f"Tensor x, Tensor?[] tensors, {_SETTINGS}"
swin_block_native = operator(
    f"swin_block({_NAMED}, {_SETTINGS}) -> Tensor",
    _forward,
    shape=_shape,
    backward=_backward,
    keep=_keep,
)
swin_block_backward = operator(
    f"swin_block_backward(Tensor gradient, {_LISTED}) -> Tensor[]",
    _gradients,
    shape=_gradient_shapes,
)
swin_block_into = operator(
    f"swin_block_into(Tensor(a!) out, {_LISTED}) -> ()", _into, shape=nothing
)
