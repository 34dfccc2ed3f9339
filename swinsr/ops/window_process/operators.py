"""The window process as PyTorch operators, so that autograd, `torch.compile` and export see them.

Registered as `swinsr::shift_partition` and `swinsr::merge_unshift`; each is the other's gradient.
"""

from typing import Any

from torch import Tensor

from swinsr.ops.operator import later, operator

_MODULES = {
    "strided": "swinsr.ops.window_process.strided",
    # Imports Triton, so only when it is to run.
    "triton": "swinsr.ops.window_process.kernel",
}


def _partition(x: Tensor, window: int, shift: int, backend: str) -> Tensor:
    out: Tensor = later(_MODULES[backend], "partition")(x, window, shift)
    return out


def _merge(
    windows: Tensor, window: int, height: int, width: int, shift: int, backend: str
) -> Tensor:
    out: Tensor = later(_MODULES[backend], "merge")(windows, window, height, width, shift)
    return out


def _partition_shape(x: Tensor, window: int, shift: int, backend: str) -> Tensor:
    batch, height, width, channels = x.shape
    count = (height // window) * (width // window)
    return x.new_empty(batch, count, window * window, channels)


def _merge_shape(
    windows: Tensor, window: int, height: int, width: int, shift: int, backend: str
) -> Tensor:
    return windows.new_empty(windows.shape[0], height, width, windows.shape[3])


def _keep_partition(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    x, ctx.window, ctx.shift, ctx.backend = inputs
    ctx.size = x.shape[1:3]


def _partition_backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    back = merge_unshift_fused(gradient, ctx.window, *ctx.size, ctx.shift, ctx.backend)
    return back, None, None, None


def _keep_merge(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
    _, ctx.window, _, _, ctx.shift, ctx.backend = inputs


def _merge_backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
    back = shift_partition_fused(gradient, ctx.window, ctx.shift, ctx.backend)
    return back, None, None, None, None, None


_DEVICES = ("CPU", "CUDA", "MPS", "XPU")
shift_partition_fused = operator(
    "shift_partition(Tensor x, int window, int shift, str backend) -> Tensor",
    _partition,
    devices=_DEVICES,
    shape=_partition_shape,
    backward=_partition_backward,
    keep=_keep_partition,
)
merge_unshift_fused = operator(
    "merge_unshift(Tensor windows, int window, SymInt height, SymInt width, int shift, "
    "str backend) -> Tensor",
    _merge,
    devices=_DEVICES,
    shape=_merge_shape,
    backward=_merge_backward,
    keep=_keep_merge,
)
