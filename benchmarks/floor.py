"""What this machine can do at best, measured in the run that quotes it.

Several large operations in each precision, measured again and again between the contenders' runs;
the best rate of all of them counts. A floor that was measured once, at a bad moment, would make
programs look as if they beat the machine.
"""

import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from swinsr.runtime.emulation import is_native

# Channels and side of the maps; 180 is SwinIR-M's own width.
CONVOLUTIONS = ((180, 128), (256, 112))
PRODUCT = 2048
Work = tuple[float, Callable[[], Tensor]]


def _convolution(channels: int, side: int, kernel: int, dtype: torch.dtype) -> Work:
    """Operations, and a convolution with channels last."""
    last = torch.channels_last
    image = torch.randn(1, channels, side, side).to(dtype).contiguous(memory_format=last)
    weight = torch.randn(channels, channels, kernel, kernel).to(dtype)
    weight = weight.contiguous(memory_format=last)
    work = 2.0 * kernel**2 * channels**2 * side**2
    return work, lambda: F.conv2d(image, weight, padding=kernel // 2)


def _product(side: int, dtype: torch.dtype) -> Work:
    a, b = (torch.randn(side, side).to(dtype) for _ in range(2))
    return 2.0 * side**3, lambda: a @ b


class Floor:
    """Operations a second by precision, the best seen so far.

    float32 and, where the processor multiplies it, bfloat16: 3x3 convolutions of 180 and 256
    channels, a 1x1 convolution of 512, and a product of two square matrices.
    """

    def __init__(self) -> None:
        """Prepare; nothing is measured yet."""
        kinds = {"float32": torch.float32}
        if is_native(torch.device("cpu"), torch.bfloat16, by_kernels=False):
            kinds["bfloat16"] = torch.bfloat16
        self.rates = dict.fromkeys(kinds, 0.0)
        self._work: dict[str, list[Work]] = {}
        for name, dtype in kinds.items():
            self._work[name] = [
                *(_convolution(channels, side, 3, dtype) for channels, side in CONVOLUTIONS),
                _convolution(512, 96, 1, dtype),
                _product(PRODUCT, dtype),
            ]

    @torch.inference_mode()
    def sample(self, runs: int = 2) -> None:
        """Measure everything, half a second or so."""
        for name, operations in self._work.items():
            for work, run in operations:
                for _ in range(runs):
                    start = time.perf_counter()
                    run()
                    rate = work / (time.perf_counter() - start)
                    self.rates[name] = max(self.rates[name], rate)
