"""On a GPU: networks beside the published code, a training step, and the kernels' errors.

    python -m benchmarks.gpu [--published FILE ...] [--runs 20] [-o benchmarks/results]

Every row is printed as soon as it is known: for each network, size and precision the published code
as it is, then ours. Outputs are first compared with our plain modules in float32; one that differs
is not timed. The published code under `torch.compile` comes last, in a process of its own that is
ended after --compile-seconds. Times are the GPU's own clock, medians; shares are of what a product
of large matrices and a copy of memory reach there. Writes gpu.md and gpu.json.
"""

import argparse
import dataclasses
import functools
import json
import platform
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import torch

from benchmarks.gpu.ceilings import COPY, PRODUCT, giga_bytes, tera_operations
from benchmarks.gpu.checks import CASES, check
from benchmarks.gpu.child import Late, finish
from benchmarks.gpu.rows import HEAD, Case, Ceilings, Row
from benchmarks.gpu.training import training_step
from benchmarks.networks import NAMES, network
from swinsr.ops.gpu import triton_lacks

COMPILED = "published, torch.compile"


class Log:
    """What is printed, line by line, and what is written in the end."""

    def __init__(self, output: Path | None) -> None:
        """`output` is the folder for gpu.md and gpu.json, or None."""
        self.output, self.lines, self.rows = output, list[str](), list[Row]()
        self.facts: dict[str, object] = {}

    def say(self, text: str = "") -> None:
        """Print and keep a line, and write all that is known so far."""
        print(text, flush=True)
        self.lines.append(text)
        if self.output:
            self.output.mkdir(parents=True, exist_ok=True)
            (self.output / "gpu.md").write_text("\n".join(self.lines) + "\n")
            plain = self.facts | {"rows": [dataclasses.asdict(row) for row in self.rows]}
            (self.output / "gpu.json").write_text(json.dumps(plain, indent=1) + "\n")


def main() -> int:
    """Measure, print and write; 1 where an output or a kernel is wrong."""
    given = _arguments()
    if given.device == "cuda" and not torch.cuda.is_available():
        print("there is no GPU that torch can use; --device cpu shows the program", file=sys.stderr)
        return 2
    device = torch.device(given.device)
    if given.compiled:  # the child of the last part
        name, size, precision = given.compiled.split()
        print(json.dumps(dataclasses.asdict(_compiled(name, size, precision, given, device))))
        return 0
    log = Log(given.output)
    on_gpu = device.type == "cuda"
    name = torch.cuda.get_device_name() if on_gpu else platform.processor() or platform.machine()
    words = " ".join(["python -m benchmarks.gpu", *sys.argv[1:]])
    log.say(f"{name}, torch {torch.__version__}, Python {platform.python_version()}; `{words}`.")
    log.say()
    ceilings = Ceilings(
        tera_operations(device, PRODUCT if on_gpu else 256),
        giga_bytes(device, COPY if on_gpu else 1 << 20),
    )
    log.facts |= {"device": name, "ceilings": dataclasses.asdict(ceilings)}
    log.say(
        f"Ceilings: {ceilings.product:.1f} T operations/s in bfloat16, {ceilings.copy:.0f} GB/s "
        "copied."
    )
    log.say()
    log.say(HEAD)
    published: dict[tuple[object, ...], float] = {}
    for row in _rows(given, device):
        key = (row.network, row.size, row.precision)
        if row.program == "published":
            published[key] = row.median
        log.rows.append(row)
        log.say(row.markdown(published.get(key, float("nan")), ceilings))
    log.say()
    step = training_step(device, ceilings, batch=given.batch, patch=given.patch, runs=given.runs)
    log.say(f"{step}.")
    worst = _check_kernels(log, device)
    if given.compile_seconds:
        log.say()
        log.say(HEAD)
        for row in _compiled_rows(given, log.rows):
            log.rows.append(row)
            key = (row.network, row.size, row.precision)
            log.say(row.markdown(published.get(key, float("nan")), ceilings))
    return int(worst > 2.0 or any("differs" in row.problem for row in log.rows))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--networks", nargs="+", choices=NAMES, default=["default", *NAMES[:-1]])
    parser.add_argument("--sizes", nargs="+", default=["256x256", "640x480"], metavar="WxH")
    parser.add_argument("--precisions", nargs="+", default=["float32", "tf32", "bfloat16"])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--batch", type=int, default=16, help="of the training step")
    parser.add_argument("--patch", type=int, default=64, help="likewise")
    parser.add_argument(
        "--published",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="network_swinir.py, network_swin2sr.py as published; else BasicSR's",
    )
    parser.add_argument(
        "--compile-seconds", type=float, default=240.0, help="for each of the last rows; 0 for none"
    )
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--compiled", help=argparse.SUPPRESS)
    parser.add_argument("-o", "--output", type=Path, help="folder for gpu.md and gpu.json")
    return parser.parse_args()


def _side(text: str) -> tuple[int, int]:
    width, height = text.split("x")
    return int(height), int(width)


def _file(files: Sequence[Path], family: str) -> Path | None:
    """The published file of a family, told by its name or by being the only one."""
    named = [file for file in files if family in file.stem.replace("_", "")]
    return named[0] if named else (files[0] if len(files) == 1 and family == "swinir" else None)


def _precisions(given: argparse.Namespace) -> list[str]:
    return [p for p in given.precisions if p != "tf32" or given.device == "cuda"]


def _rows(given: argparse.Namespace, device: torch.device) -> Iterator[Row]:
    for name in given.networks:
        built = network(name).to(device).eval()
        file = _file(given.published, built.config.family)
        for size in map(_side, given.sizes):
            for precision in _precisions(given):
                case = Case(name, built, size, precision)
                yield case.measure("published", functools.partial(case.published, file), given.runs)
                yield case.measure("swinsr", case.ours, given.runs)
                if device.type == "cuda":
                    plain = functools.partial(case.ours, captured=False)
                    yield case.measure("swinsr, no graph", plain, given.runs)
                    if not triton_lacks(device):
                        halves = functools.partial(case.ours, block="triton")
                        yield case.measure("swinsr, blocks in halves", halves, given.runs)


def _check_kernels(log: Log, device: torch.device) -> float:
    """The largest ratio of a kernel's error to the reference's own."""
    if reason := triton_lacks(device):
        log.say(f"Kernels are not checked: {reason}.")
        return 0.0
    log.say()
    log.say("Kernels beside the reference, both against float64: error over the reference's own in")
    log.say("the same precision, the largest of output and gradients; at most 2.")
    log.say()
    found = {}
    for case in CASES:
        found[case.name] = check(case, device)
        log.facts["checks"] = found
        log.say(f"- {case.name}: {found[case.name]:.2f}")
    return max(found.values())


def _compiled_rows(given: argparse.Namespace, rows: Sequence[Row]) -> Iterator[Row]:
    """Each in a process of its own, which a compiler that takes too long does not outlive.

    What does not run as it is, by `rows`, is not compiled.
    """
    lacks = {(r.network, r.precision): r.problem for r in rows if r.program == "published"}
    for name in given.networks:
        for precision in _precisions(given):
            size = given.sizes[0]
            row = Row(name, _side(size), precision, COMPILED, lacks[name, precision])
            if row.problem:
                yield row
                continue
            command = [sys.executable, "-m", "benchmarks.gpu", "--runs", str(given.runs)]
            command += ["--device", given.device, "--compiled", f"{name} {size} {precision}"]
            if given.published:
                command += ["--published", *map(str, given.published)]
            try:
                status, output, errors = finish(command, given.compile_seconds)
            except Late:
                row.problem = f"not compiled within {given.compile_seconds:g} s"
                yield row
                continue
            if status:
                row.problem = (errors.strip().splitlines() or ["it failed"])[-1]
                yield row
                continue
            fields = json.loads(output.splitlines()[-1])
            yield Row(**fields | {"size": tuple(fields["size"])})


def _compiled(
    name: str, size: str, precision: str, given: argparse.Namespace, device: torch.device
) -> Row:
    built = network(name).to(device).eval()
    case, file = (
        Case(name, built, _side(size), precision),
        _file(given.published, built.config.family),
    )
    return case.measure(COMPILED, lambda: case.published(file, compiled=True), given.runs)


if __name__ == "__main__":
    sys.exit(main())
