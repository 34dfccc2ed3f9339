"""What this machine can do at best, measured in the run that quotes it."""

import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

CHANNELS, SIDE = 180, 256


def _rate(work: float, run: Callable[[], Tensor], runs: int = 5) -> float:
    run()
    seconds = []
    for _ in range(runs):
        start = time.perf_counter()
        run()
        seconds.append(time.perf_counter() - start)
    return work / statistics.median(seconds)


def floating_point_rates() -> dict[str, float]:
    """Operations a second, by precision.

    float32: a 3x3 convolution of 180 channels, channels last, on 256x256. bfloat16: a product of
    two 4096-square matrices.
    """
    with torch.inference_mode():
        image = torch.randn(1, CHANNELS, SIDE, SIDE).contiguous(memory_format=torch.channels_last)
        weight = torch.randn(CHANNELS, CHANNELS, 3, 3).contiguous(memory_format=torch.channels_last)
        convolution = 2.0 * 9 * CHANNELS**2 * SIDE**2
        a = torch.randn(4096, 4096, dtype=torch.bfloat16)
        return {
            "float32": _rate(convolution, lambda: F.conv2d(image, weight, padding=1)),
            "bfloat16": _rate(2.0 * 4096**3, lambda: a @ a),
        }
