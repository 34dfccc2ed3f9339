"""Memory that kernels work in, kept from call to call.

Memory fresh from the system costs a page fault every four kilobytes, which is more than many a
kernel takes.
"""

import threading

import torch
from torch import Tensor

# A block takes three at once: weights, scratch, sums of gradients.
KEPT = 4


class _Free(threading.local):
    """What one thread may take: two calls at a time never share."""

    def __init__(self) -> None:
        self.rooms: list[Tensor] = []


_FREE = _Free()


def floats(*shape: int) -> Tensor:
    """float32 values on the CPU, none of them set, whatever PyTorch's defaults are."""
    return torch.empty(shape, dtype=torch.float32, device="cpu")


def take(words: int) -> Tensor:
    """At least so many float32 values, none of them set; the smallest kept one that is enough."""
    fitting = [room for room in _FREE.rooms if room.numel() >= words]
    if not fitting:
        # Not an inference tensor: a later call may be part of a training step.
        with torch.inference_mode(False):
            return floats(words)
    smallest = min(fitting, key=Tensor.numel)
    _FREE.rooms = [room for room in _FREE.rooms if room is not smallest]
    return smallest


def give_back(*rooms: Tensor) -> None:
    """Keep for later calls what nobody works in any more; the largest are kept."""
    _FREE.rooms = sorted([*_FREE.rooms, *rooms], key=Tensor.numel)[-KEPT:]
