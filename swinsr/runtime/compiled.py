"""Blocks compiled once for all layers of a network that trains."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from swinsr.nn.block import SwinBlock, run_modules


def compile_blocks(network: nn.Module, backend: str | Callable[..., Any] = "inductor") -> None:
    """Have every Swin block of a network run by one function, compiled when it first runs.

    The network's other layers stay as they are. A block's parameters are inputs of the compiled
    function, so that two versions, plain and shifted, serve all layers of one width; where some
    drop whole samples and some do not, each in two. Blocks that the CPU's kernels run, one
    operation each, stay with them.

    Args:
        network: its blocks are told, parameters and names stay.
        backend: PyTorch's name of a compiler, or a function (graph module, examples) -> callable.
    """
    compiled = torch.compile(run_modules, fullgraph=True, dynamic=False, backend=backend)
    for module in network.modules():
        if isinstance(module, SwinBlock):
            module.run = compiled
