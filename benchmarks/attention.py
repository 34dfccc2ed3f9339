"""Window attention and whole blocks by each backend: correctness first, then time.

    python -m benchmarks.attention [--threads 1] [--repeats 15]

Every backend's output, and its gradients where it trains, are first compared with the reference in
float64; one that errs more than twice as much as the reference in the same precision gets no time.
The backends are then timed in turn in one process: medians of processor time over all threads, so
that other work on the machine disturbs little.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from swinsr.ops.backend import explain_attention
from swinsr.ops.native.library import unavailable
from swinsr.ops.window import shift_mask
from swinsr.ops.window_attention import window_attention_packed
from swinsr.runtime.emulation import is_native

ALLOWED = 2.0


@dataclass(frozen=True)
class Case:
    """One size of problem."""

    name: str
    windows: int
    heads: int
    head_dim: int
    dtype: torch.dtype
    cosine: bool = False
    window: int = 8

    def inputs(self) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """qkv, scale, bias and the output's gradient, the same at each call."""
        generator = torch.Generator().manual_seed(0)
        tokens, dim = self.window**2, self.heads * self.head_dim
        qkv = torch.randn(self.windows, tokens, 3 * dim, generator=generator)
        scale = torch.full((self.heads,), 10.0 if self.cosine else self.head_dim**-0.5)
        bias = torch.randn(self.heads, tokens, tokens, generator=generator)
        gradient = torch.randn(self.windows, tokens, dim, generator=generator)
        return qkv.to(self.dtype), scale, bias, gradient.to(self.dtype)


CASES = (
    Case("SwinIR-M, inference", 64, 6, 30, torch.float32),
    Case("SwinIR-M, inference", 64, 6, 30, torch.bfloat16),
    Case("Swin2SR-M, inference", 64, 6, 30, torch.float32, cosine=True),
    Case("48 channels, training", 256, 4, 12, torch.bfloat16),
    Case("48 channels, training", 256, 4, 12, torch.float32),
    Case("48 channels V2, training", 256, 4, 12, torch.bfloat16, cosine=True),
)


def attend(case: Case, backend: str, qkv: Tensor, scale: Tensor, bias: Tensor) -> Tensor:
    """One call, shifted windows on a square grid."""
    side = int(case.windows**0.5)
    mask = shift_mask(case.window, case.window // 2, qkv.device, scale.dtype)
    grid = (side, case.windows // side)
    return window_attention_packed(
        qkv, scale, bias, mask, grid, heads=case.heads, cosine=case.cosine, backend=backend
    )


def outcome(case: Case, backend: str, *, exact: bool, trains: bool) -> list[Tensor]:
    """The output, and the gradients of qkv and bias, in float64 or the case's precision."""
    qkv, scale, bias, gradient = case.inputs()
    if exact:
        qkv, scale, bias, gradient = (t.double() for t in (qkv, scale, bias, gradient))
    qkv, bias = qkv.requires_grad_(trains), bias.requires_grad_(trains)
    out = attend(case, backend, qkv, scale, bias)
    if not trains:
        return [out]
    return [out.detach(), *torch.autograd.grad(out, (qkv, bias), gradient.to(out.dtype))]


def worst_ratio(case: Case, backend: str, *, trains: bool) -> float:
    """The backend's root-mean-square error over the reference's own, the largest of them."""
    truth = outcome(case, "reference", exact=True, trains=trains)
    own = outcome(case, "reference", exact=False, trains=trains)
    ours = outcome(case, backend, exact=False, trains=trains)
    ratios = []
    for t, reference, found in zip(truth, own, ours, strict=True):
        ratios.append(float((found - t).norm() / (reference - t).norm()))
    return max(ratios)


def median_milliseconds(function: Callable[[], object], repeats: int) -> float:
    """Processor time of a call."""
    function()
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return 1000 * statistics.median(times)


def measure(case: Case, backend: str, repeats: int) -> tuple[float, float | None]:
    """Milliseconds of the output alone, and of output and gradients."""
    qkv, scale, bias, gradient = case.inputs()
    with torch.inference_mode():
        forward = median_milliseconds(lambda: attend(case, backend, qkv, scale, bias), repeats)
    if backend == "sdpa":
        return forward, None
    qkv.requires_grad_()
    bias.requires_grad_()

    def both() -> None:
        out = attend(case, backend, qkv, scale, bias)
        torch.autograd.grad(out, (qkv, bias), gradient.to(out.dtype))

    return forward, median_milliseconds(both, repeats)


def main() -> int:
    """Compare, time and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeats", type=int, default=15)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    explanation = explain_attention()
    print(f"auto: {explanation.backend} ({explanation.reason}); {options.threads} thread(s)\n")
    if not is_native(torch.device("cpu"), torch.bfloat16, by_kernels=not unavailable()):
        print("bfloat16 is emulated on this processor\n")
    backends = ("reference", "sdpa") if unavailable() else ("reference", "sdpa", "native")
    print("| case | type | backend | error / reference's | forward, ms | with gradients, ms |")
    print("|---|---|---|---|---|---|")
    failed = False
    for case in CASES:
        for backend in backends:
            ratio = worst_ratio(case, backend, trains=backend != "sdpa")
            kind = str(case.dtype).removeprefix("torch.")
            row = f"| {case.name} | {kind} | {backend} | {ratio:.2f} |"
            if not ratio <= ALLOWED:
                failed = True
                print(f"{row} wrong: no times | |")
                continue
            forward, both = measure(case, backend, options.repeats)
            print(f"{row} {forward:.2f} | {'' if both is None else f'{both:.2f}'} |", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
