"""On a GPU: the Triton kernels checked at odd sizes, then SwinIR-M timed beside the published code.

    python -m benchmarks.gpu [--side 256] [--runs 20] [-o benchmarks/results]

Contenders, in float32 and in bfloat16: the published architecture (BasicSR's, as pip installs it),
the same under `torch.compile`, and ours with each backend of window attention. Every output is
first compared with the published one in float32; then all are timed in turn with the GPU's own
clock. float32 is computed without TF32, in convolutions too. Writes gpu.md and gpu.json.
"""

import argparse
import dataclasses
import json
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from torch import Tensor

from benchmarks.contenders import Unavailable, published_swinir
from benchmarks.gpu_checks import CASES, check
from benchmarks.networks import network
from swinsr.inference import prepare
from swinsr.models import RestorationNetwork
from swinsr.ops.backend import ATTENTION_VARIABLE

BOUNDS = {torch.float32: 2e-5, torch.bfloat16: 2e-2}
Run = Callable[[Tensor], Tensor]


@dataclasses.dataclass
class Row:
    """One contender."""

    name: str
    dtype: torch.dtype
    run: Run | None = None
    problem: str = ""
    difference: float = float("nan")
    milliseconds: list[float] = dataclasses.field(default_factory=list)
    peak: int = 0

    @property
    def median(self) -> float:
        """Milliseconds of the median run."""
        return statistics.median(self.milliseconds) if self.milliseconds else float("nan")


@contextmanager
def forced(backend: str) -> Iterator[None]:
    """Window attention by a backend."""
    before = os.environ.get(ATTENTION_VARIABLE)
    os.environ[ATTENTION_VARIABLE] = backend
    try:
        yield
    finally:
        os.environ.pop(ATTENTION_VARIABLE)
        if before is not None:
            os.environ[ATTENTION_VARIABLE] = before


def published(built: RestorationNetwork, dtype: torch.dtype, *, compiled: bool) -> Run:
    """BasicSR's network, all of it in `dtype`.

    Raises:
        Unavailable: BasicSR is not installed.
    """
    module = published_swinir(built.config.to_dict())
    module.load_state_dict(built.state_dict(), strict=False)
    module = module.cuda().eval().to(dtype)
    called: Run = torch.compile(module) if compiled else module

    def run(x: Tensor) -> Tensor:
        with torch.no_grad():
            return called(x.to(dtype)).float()

    return run


def ours(built: RestorationNetwork, dtype: torch.dtype, backend: str) -> Run:
    """Prepared as the Upscaler prepares it."""
    ready = prepare(built, str(dtype).removeprefix("torch."))

    def run(x: Tensor) -> Tensor:
        with forced(backend):
            return ready(x)

    return run


def contenders(built: RestorationNetwork) -> list[Row]:
    """All of them; one that cannot run says why."""
    rows = []
    for dtype in BOUNDS:
        makers: dict[str, Callable[[], Run]] = {
            "published": lambda dtype=dtype: published(built, dtype, compiled=False),
            "published, torch.compile": lambda dtype=dtype: published(built, dtype, compiled=True),
        }
        for backend in ("reference", "sdpa", "triton"):
            name = f"swinsr, {backend} attention"
            makers[name] = lambda dtype=dtype, backend=backend: ours(built, dtype, backend)
        for name, make in makers.items():
            row = Row(name, dtype)
            rows.append(row)
            try:
                row.run = make()
            except Unavailable as error:
                row.problem = str(error).splitlines()[0]
    return rows


def compare(rows: list[Row], built: RestorationNetwork, image: Tensor) -> None:
    """Fill in differences from our plain modules in float32; a wrong contender is not timed."""
    with torch.inference_mode(), forced("reference"):
        reference = built.forward_head(image).image
    span = float(reference.max() - reference.min())
    for row in rows:
        if row.run is None:
            continue
        print(f"checking {row.name}, {row.dtype}", file=sys.stderr, flush=True)
        torch.cuda.reset_peak_memory_stats()
        row.difference = float((row.run(image) - reference).abs().max()) / span
        row.peak = torch.cuda.max_memory_allocated()
        if not row.difference <= BOUNDS[row.dtype]:
            row.problem = f"differs by {row.difference:.1e} of the range; not timed"
            row.run = None


def time_all(rows: list[Row], image: Tensor, runs: int) -> None:
    """In turn; the first three of each do not count."""
    for number in range(runs + 3):
        for row in rows:
            if row.run is None:
                continue
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))
            start.record()
            row.run(image)
            end.record()
            end.synchronize()
            if number >= 3:
                row.milliseconds.append(start.elapsed_time(end))


def markdown(rows: list[Row], checks: list[str], side: int) -> str:
    """The log as people read it."""
    base = {row.dtype: row.median for row in rows if row.name == "published"}
    lines = [
        f"{torch.cuda.get_device_name()}, torch {torch.__version__}, "
        f"Python {platform.python_version()}; `python -m benchmarks.gpu --side {side}`.",
        "",
        "Kernels beside the reference, both against float64: error over the reference's own in the",
        "same precision, the largest of output and gradients; at most 2.",
        "",
        *checks,
        "",
        f"SwinIR-M x4, {side}x{side}, medians.",
        "",
        "| program | type | ms | times the published in that type | peak memory | difference |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        kind = str(row.dtype).removeprefix("torch.")
        if not row.milliseconds:
            lines.append(f"| {row.name} | {kind} | - | - | - | {row.problem} |")
            continue
        times = base.get(row.dtype, float("nan")) / row.median
        lines.append(
            f"| {row.name} | {kind} | {row.median:.1f} | {times:.2f} | {row.peak / 1e9:.2f} GB | "
            f"{row.difference:.0e} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Check, time, print and write; 1 where a kernel is wrong."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--checks-only", action="store_true")
    parser.add_argument("-o", "--output", type=Path, help="folder for gpu.md and gpu.json")
    given = parser.parse_args()
    if not torch.cuda.is_available():
        print("there is no GPU that torch can use", file=sys.stderr)
        return 2
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    device = torch.device("cuda")
    worst = {case.name: check(case, device) for case in CASES}
    checks = [f"- {name}: {ratio:.2f}" for name, ratio in worst.items()]
    rows: list[Row] = []
    if not given.checks_only:
        torch.manual_seed(0)
        built = network("swinir-m-x4").to(device).eval()
        image = torch.rand(1, 3, given.side, given.side, device=device)
        rows = contenders(built)
        compare(rows, built, image)
        time_all(rows, image, given.runs)
    text = markdown(rows, checks, given.side)
    print(text)
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "gpu.md").write_text(text)
        plain = [
            {"name": r.name, "dtype": str(r.dtype), "milliseconds": r.milliseconds}
            | {"difference": r.difference, "peak_bytes": r.peak, "problem": r.problem}
            for r in rows
        ]
        log = {"device": torch.cuda.get_device_name(), "checks": worst, "rows": plain}
        (given.output / "gpu.json").write_text(json.dumps(log, indent=1) + "\n")
    return int(max(worst.values()) > 2.0)


if __name__ == "__main__":
    sys.exit(main())
