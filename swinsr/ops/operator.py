"""The one way in which this package's operators are registered with PyTorch.

Not `torch.library.custom_op`: that imports PyTorch's compiler, a second or two, at the first call.
"""

import importlib
from collections.abc import Callable, Sequence
from typing import Any

import torch


def operator(
    schema: str,
    kernel: Callable[..., Any],
    *,
    shape: Callable[..., Any],
    devices: Sequence[str] = ("CPU",),
    backward: Callable[..., Any] | None = None,
    keep: Callable[..., None] | None = None,
) -> Any:
    """Register an operator that autograd, `torch.compile` and `torch.export` see as one.

    Args:
        schema: "name(Tensor x, int window) -> Tensor", in the namespace `swinsr`.
        kernel: what computes it.
        shape: makes an empty result from the same arguments, for tracing.
        devices: PyTorch's names of those that the kernel takes tensors of.
        backward: (ctx, gradients) -> gradients of every argument, for one that trains.
        keep: (ctx, inputs, output), which saves what `backward` needs.

    Returns:
        The callable operator.
    """
    name = schema.partition("(")[0]
    _LIBRARY.define(schema)
    for device in devices:
        _LIBRARY.impl(name, kernel, device)
    torch.library.register_fake(f"swinsr::{name}", shape)
    if backward is not None:
        torch.library.register_autograd(f"swinsr::{name}", backward, setup_context=keep)
    return getattr(torch.ops.swinsr, name).default


def nothing(*_: Any) -> None:
    """The result of an operator that writes into one of its arguments."""


def later(module: str, function: str) -> Callable[..., Any]:
    """A function of a module that is imported when it is first called."""

    def call(*arguments: Any) -> Any:
        return getattr(importlib.import_module(module), function)(*arguments)

    return call


# Operators last as long as their library.
_LIBRARY: Any = torch.library.Library("swinsr", "FRAGMENT")  # type: ignore[no-untyped-call]
