"""3x3 convolutions by the compiled kernel and by PyTorch: correctness first, then time.

    python -m benchmarks.convolution [--side 256] [--repeats 7]

Both are given channels last, and are compared with float64; a kernel that errs more than twice as
much as PyTorch in the same precision gets no time. Then they run in turn in one process; medians.
"""

import argparse
import statistics
import time
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from swinsr.ops.convolution.cpu import Convolution
from swinsr.runtime.emulation import is_native

ALLOWED = 2.0
# Inputs, outputs, pixel shuffle.
LAYERS = {
    "SwinIR-M, body": (180, 180, 1),
    "SwinIR-S, body": (60, 60, 1),
    "48 channels, body": (48, 48, 1),
    "pixel shuffle by 2": (64, 256, 2),
    "last, to colours": (64, 3, 1),
}


def error(value: Tensor, truth: Tensor) -> float:
    """Root-mean-square error."""
    return float((value.double() - truth).square().mean().sqrt())


@torch.inference_mode()
def compare(name: str, side: int, repeats: int, dtype: torch.dtype) -> str:
    """One line of the table."""
    inputs, outputs, shuffle = LAYERS[name]
    torch.manual_seed(0)
    weight = torch.randn(outputs, inputs, 3, 3) / (9 * inputs) ** 0.5
    bias, x = torch.randn(outputs), torch.randn(1, side, side, inputs)
    out = torch.zeros(1, side * shuffle, side * shuffle, outputs // shuffle**2)
    layer = Convolution(weight, bias, shuffle=shuffle, bfloat16=dtype == torch.bfloat16)
    rounded = weight.to(dtype, memory_format=torch.channels_last), bias.to(dtype)

    def theirs() -> Tensor:
        image = x.permute(0, 3, 1, 2).to(dtype)
        return F.pixel_shuffle(F.conv2d(image, *rounded, padding=1), shuffle)

    def ours() -> Tensor:
        layer.into(out, x)
        return out

    with torch.inference_mode():
        exact = F.conv2d(x[:, :16].permute(0, 3, 1, 2).double(), weight.double(), padding=1)
        exact = F.pixel_shuffle(exact + bias[:, None, None], shuffle)[:, :, : 15 * shuffle]
    found = (ours().permute(0, 3, 1, 2), theirs())
    errors = [error(result[:, :, : 15 * shuffle], exact) for result in found]
    cells = [name, str(dtype).removeprefix("torch."), f"{errors[0]:.1e}", f"{errors[1]:.1e}"]
    if errors[0] > ALLOWED * errors[1]:
        return f"| {' | '.join(cells)} | wrong | | |"
    times: dict[Callable[[], Tensor], list[float]] = {ours: [], theirs: []}
    for _ in range(repeats):
        for run, taken in times.items():
            start = time.perf_counter()
            run()
            taken.append(time.perf_counter() - start)
    a, b = (1e3 * statistics.median(taken) for taken in times.values())
    return f"| {' | '.join(cells)} | {a:.1f} | {b:.1f} | {b / a:.2f} |"


def main() -> int:
    """Measure every layer in both precisions."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.convolution", description=__doc__)
    parser.add_argument("--side", type=int, default=256, help="of the map, in pixels")
    parser.add_argument("--repeats", type=int, default=7)
    given = parser.parse_args()
    print("| layer | precision | error | PyTorch's | ms | PyTorch's | ratio |")
    print("|---|---|---|---|---|---|---|")
    for dtype in (torch.float32, torch.bfloat16):
        if not is_native(torch.device("cpu"), dtype, by_kernels=True):
            print("this processor does not multiply bfloat16: not timed")
            continue
        for name in LAYERS:
            print(compare(name, given.side, given.repeats, dtype), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
