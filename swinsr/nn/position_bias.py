"""The position bias of a window's scores: from a table (V1) or from a small network (V2).

Neither depends on the input. Outside training it is computed once and kept until a parameter
changes, moves or is loaded, which the parameters' own version counters tell.
"""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


class BiasCache:
    """Remembers one tensor for as long as the parameters it came from stay as they were."""

    def __init__(self) -> None:
        """Start empty."""
        self._key: tuple[object, ...] | None = None
        self._value: Tensor | None = None

    def get(self, parameters: Sequence[Tensor], compute: Callable[[], Tensor]) -> Tensor:
        """The remembered tensor, or `compute()` where gradients are on or a parameter changed."""
        if torch.is_grad_enabled() or torch.compiler.is_compiling():
            return compute()
        key = tuple(
            (p.data_ptr(), p.device, p.dtype, None if p.is_inference() else p._version)
            for p in parameters
        )
        if self._value is None or key != self._key:
            self._key, self._value = key, compute()
        return self._value

    def clear(self) -> None:
        """Forget."""
        self._key = self._value = None

    def __deepcopy__(self, memo: dict[int, object]) -> "BiasCache":
        """A copied network starts without the original's tensors."""
        return BiasCache()

    def __getstate__(self) -> dict[str, object]:
        """A pickled network leaves the derived tensor out."""
        return {"_key": None, "_value": None}


def bias_from_table(table: Tensor, index: Tensor) -> Tensor:
    """V1: look the bias up.

    Args:
        table: ((2 * window - 1) ** 2, heads).
        index: (tokens, tokens), `swinsr.ops.position.relative_position_index`.

    Returns:
        (heads, tokens, tokens).
    """
    tokens = index.shape[0]
    return table.t().index_select(1, index.view(-1)).view(-1, tokens, tokens)


def bias_from_network(network: nn.Module, coords: Tensor, index: Tensor) -> Tensor:
    """V2: 16 * sigmoid(network(log-spaced coordinates)), looked up as V1's.

    Args:
        network: maps (..., 2) coordinates to (..., heads).
        coords: (2 * window - 1, 2 * window - 1, 2), `relative_coords_table`.
        index: (tokens, tokens).

    Returns:
        (heads, tokens, tokens).

    Source: Swin V2, arXiv:2111.09883, section 3.3, and the published code's bound of 16.
    """
    return 16.0 * torch.sigmoid(bias_from_table(network(coords).flatten(0, 1), index))
