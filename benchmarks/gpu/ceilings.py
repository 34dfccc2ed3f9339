"""What the device itself can do: the largest product and the largest copy."""

from collections.abc import Callable

import torch

from benchmarks.gpu.clock import milliseconds

PRODUCT, COPY = 8192, 1 << 30  # side of the matrices; bytes


def tera_operations(device: torch.device, side: int = PRODUCT) -> float:
    """10^12 operations a second of a bfloat16 product of two matrices, a MAC counted as two."""
    a = torch.randn(side, side, device=device, dtype=torch.bfloat16)
    return 2 * side**3 / (_best(lambda: a @ a, device) * 1e9)


def giga_bytes(device: torch.device, size: int = COPY) -> float:
    """10^9 bytes a second of a copy within the device's memory, read and written."""
    a = torch.empty(size, dtype=torch.uint8, device=device)
    b = torch.empty_like(a)
    return 2 * size / (_best(lambda: b.copy_(a), device) * 1e6)


def _best(work: Callable[[], object], device: torch.device) -> float:
    return min(milliseconds(work, device, runs=5))
