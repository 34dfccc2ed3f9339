"""Times of a device by its own clock."""

import time
from collections.abc import Callable

import torch

# Runs that do not count: kernels are compiled and chosen, graphs captured.
WARM_UP = 3


def milliseconds(work: Callable[[], object], device: torch.device, *, runs: int) -> list[float]:
    """How long each run of some work took, those of the warm-up left out.

    Args:
        work: it may return before the device is done.
        device: a CUDA GPU, or the CPU.
        runs: that count.
    """
    taken = []
    for number in range(WARM_UP + runs):
        if device.type == "cuda":
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            work()
            end.record()
            end.synchronize()
            spent = float(start.elapsed_time(end))
        else:
            began = time.perf_counter()
            work()
            spent = 1e3 * (time.perf_counter() - began)
        if number >= WARM_UP:
            taken.append(spent)
    return taken


def peak_bytes(work: Callable[[], object], device: torch.device) -> int:
    """What a GPU held at most while some work was done; 0 on a CPU, which does not tell."""
    if device.type != "cuda":
        work()
        return 0
    torch.cuda.reset_peak_memory_stats(device)
    work()
    torch.cuda.synchronize(device)
    return int(torch.cuda.max_memory_allocated(device))
