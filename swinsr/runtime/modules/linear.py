"""Linear layers made ready for inference on this processor.

On x86 CPUs oneDNN multiplies with a weight that was reordered once, and applies GELU or adds a
residual while the result is still in registers. Elsewhere the layers are PyTorch's own.
"""

import functools
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from swinsr.runtime.emulation import emulates

# oneDNN chooses the weight's order for a number of rows; other numbers work as well.
ROWS_HINT = 4096
PACKED_DTYPES = (torch.float32, torch.bfloat16)


def packed_lacks(device: torch.device, dtype: torch.dtype) -> str:
    """Why oneDNN's prepacked linear cannot run for this device and type; empty where it can."""
    if device.type != "cpu":
        return "oneDNN's packed layers are for CPUs"
    if dtype not in PACKED_DTYPES:
        return "oneDNN's packed layers are for float32 and bfloat16"
    return _packed_fails(dtype)


@functools.cache
def _packed_fails(dtype: torch.dtype) -> str:
    """What running the three forms once on small inputs ended in; empty for success.

    That an operator is registered says nothing: oneDNN refuses types by the processor.
    """
    if not torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
        return "PyTorch was built without oneDNN"
    ops: Any = torch.ops.mkldnn
    try:
        with torch.inference_mode():
            x = torch.ones(4, 8, dtype=dtype, device="cpu")
            weight = torch.ones(8, 8, dtype=dtype, device="cpu")
            bias = torch.ones(8, dtype=dtype, device="cpu")
            packed = ops._reorder_linear_weight(weight, ROWS_HINT)
            ops._linear_pointwise(x, packed, bias, "none", [], "")
            ops._linear_pointwise(x, packed, bias, "gelu", [], "none")
            ops._linear_pointwise.binary(x, x, packed, bias, "add")
    except (AttributeError, RuntimeError, NotImplementedError) as error:
        return f"oneDNN refuses: {str(error).splitlines()[0]}"
    return ""


class Linear:
    """y = x @ weight.T + bias, for inference."""

    def __init__(self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype) -> None:
        """Keep a copy in `dtype`; weight is (out, in), bias (out,)."""
        # Where the processor does not multiply a type, its values are multiplied as float32.
        self._rounds = dtype if emulates(weight.device, dtype) else None
        kept = torch.float32 if self._rounds else dtype
        self.bias = None if bias is None else bias.detach().to(dtype).to(kept)
        weight = weight.detach().to(dtype).to(kept).contiguous()
        packs = not packed_lacks(weight.device, kept)
        self._ops: Any = torch.ops.mkldnn if packs else None
        if packs:
            weight = torch.ops.mkldnn._reorder_linear_weight(weight, ROWS_HINT)
        self.weight = weight

    def __call__(self, x: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        x = self._taken(x)
        if self._ops is None:
            return self._given(F.linear(x, self.weight, self.bias))
        out: Tensor = self._ops._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return self._given(out)

    def gelu(self, x: Tensor) -> Tensor:
        """GELU (exact) of the result."""
        x = self._taken(x)
        if self._ops is None:
            return self._given(F.gelu(F.linear(x, self.weight, self.bias)))
        out: Tensor = self._ops._linear_pointwise(x, self.weight, self.bias, "gelu", [], "none")
        return self._given(out)

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        """The result plus `residual`, of the result's shape and type; x and residual float32."""
        # PyTorch's compiler knows no shapes of the packed form that adds.
        if self._ops is None or torch.compiler.is_compiling():
            return self(x) + residual
        out: Tensor = self._ops._linear_pointwise.binary(x, residual, self.weight, self.bias, "add")
        return out

    def _taken(self, x: Tensor) -> Tensor:
        return x.float() if self._rounds else x

    def _given(self, out: Tensor) -> Tensor:
        return out.to(self._rounds) if self._rounds else out
