"""Linear layers made ready for inference on this processor.

On x86 CPUs oneDNN multiplies with a weight that was reordered once, and applies GELU or adds a
residual while the result is still in registers. Elsewhere the layers are PyTorch's own.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

# oneDNN chooses the weight's order for a number of rows; other numbers work as well.
ROWS_HINT = 4096


def packs(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether oneDNN's prepacked linear is there for this device and type."""
    return (
        device.type == "cpu"
        and dtype in (torch.float32, torch.bfloat16)
        and torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and hasattr(torch.ops.mkldnn, "_linear_pointwise")
        and hasattr(torch.ops.mkldnn, "_reorder_linear_weight")
    )


class Linear:
    """y = x @ weight.T + bias, for inference."""

    def __init__(self, weight: Tensor, bias: Tensor | None, dtype: torch.dtype) -> None:
        """Keep a copy in `dtype`; weight is (out, in), bias (out,)."""
        self.bias = None if bias is None else bias.detach().to(dtype)
        weight = weight.detach().to(dtype).contiguous()
        self._ops: Any = torch.ops.mkldnn if packs(weight.device, dtype) else None
        if self._ops is not None:
            weight = self._ops._reorder_linear_weight(weight, ROWS_HINT)
        self.weight = weight

    def __call__(self, x: Tensor) -> Tensor:
        """(..., in) -> (..., out)."""
        if self._ops is None:
            return F.linear(x, self.weight, self.bias)
        out: Tensor = self._ops._linear_pointwise(x, self.weight, self.bias, "none", [], "")
        return out

    def gelu(self, x: Tensor) -> Tensor:
        """GELU (exact) of the result."""
        if self._ops is None:
            return F.gelu(F.linear(x, self.weight, self.bias))
        out: Tensor = self._ops._linear_pointwise(x, self.weight, self.bias, "gelu", [], "none")
        return out

    def add(self, x: Tensor, residual: Tensor) -> Tensor:
        """The result plus `residual`, of the result's shape and type."""
        if self._ops is None:
            return F.linear(x, self.weight, self.bias) + residual
        out: Tensor = self._ops._linear_pointwise.binary(x, residual, self.weight, self.bias, "add")
        return out
