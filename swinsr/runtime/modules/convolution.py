"""A convolution whose result is added to a map in place, as one operation where oneDNN has it."""

import functools
from typing import Any

import torch
from torch import Tensor, nn

_ADDS = "_convolution_pointwise_"


def adds_in_place(conv: nn.Module, target: Tensor) -> bool:
    """Whether `add_convolution` takes this layer and this map: float32 on a CPU with oneDNN."""
    return (
        type(conv) is nn.Conv2d
        and not conv._forward_pre_hooks  # a change of type
        and conv.padding_mode == "zeros"
        and not isinstance(conv.padding, str)
        and conv.weight.dtype == target.dtype == torch.float32
        and target.device.type == "cpu"
        and not torch.compiler.is_compiling()  # which does not know the operation
        and adds()
    )


@functools.cache
def adds() -> bool:
    """Whether it ran on a small input; that it is registered would not tell."""
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return False
    try:
        with torch.inference_mode():
            x = torch.ones(1, 8, 4, 4, dtype=torch.float32, device="cpu")
            conv = nn.Conv2d(8, 8, 3, padding=1, dtype=torch.float32, device="cpu")
            add_convolution(conv, x, x.clone())
    except (AttributeError, RuntimeError, NotImplementedError):
        return False
    return True


def add_convolution(conv: nn.Conv2d, x: Tensor, target: Tensor) -> None:
    """target += conv(x), without a map between.

    Args:
        conv: a layer for which `adds_in_place` holds; it keeps the size.
        x: (batch, C, H, W), best channels last in memory.
        target: (batch, conv's channels, H, W), of x's memory format.
    """
    operator: Any = getattr(torch.ops.mkldnn, _ADDS).binary
    shape = (conv.padding, conv.stride, conv.dilation, conv.groups)
    operator(target, x, conv.weight, conv.bias, *shape, "add", 1.0, None, [], "")
