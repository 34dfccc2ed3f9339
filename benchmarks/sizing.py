"""How large a cluster a job needs, from processor seconds per megapixel that are measured here.

python -m benchmarks.sizing [--measure] [--device cpu] [-o benchmarks/results]

Processor seconds of one thread, so that what else the machine does changes little; on a GPU, the
seconds of its clock.
"""

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import ceil
from pathlib import Path

import numpy as np

RESULTS = Path(__file__).parent / "results" / "sizing.json"
SIDE = 256
MODELS = ("swinsr-light-x4", "swinsr-photo-x4", "swinsr-fast-x4", "swinsr-fast-x2", "bicubic")
CORES = 64  # of the machine that the tables count in
MEGA, GIGA = 1e6, 1e9


@dataclass(frozen=True)
class Task:
    """What is to be done.

    Attributes:
        name: for people.
        models: that are counted for it.
        megapixels: of the input, as often as they go through a network.
        tiled: pixels that tiles compute, over pixels that are kept.
        read, written: bytes; results as they are without compression.
        between: bytes of tiles.
    """

    name: str
    models: tuple[str, ...]
    megapixels: float
    tiled: float
    read: float
    written: Callable[[int], float]
    between: Callable[[int], float]


def waste(tile: int, overlap: int) -> float:
    """Pixels computed for each that is kept, far from the edges."""
    return (tile / (tile - overlap)) ** 2


PHOTOGRAPHS = Task(
    "a million photographs of 12 megapixels, 4 MB each",
    ("swinsr-photo-x4", "swinsr-fast-x4", "swinsr-fast-x2", "bicubic"),
    12 * MEGA,  # a million of 12 megapixels, in megapixels
    waste(512, 48),
    4 * MEGA * MEGA,
    lambda scale: 12e6 * scale**2 * 3 * MEGA,
    lambda scale: 0.0,
)
SENTINEL = Task(
    "a Sentinel-2 tile, 10,980 pixels square, four bands of 16 bits with nodata",
    ("swinsr-light-x4", "swinsr-fast-x4", "swinsr-fast-x2"),
    2 * 10_980**2 / MEGA,  # three bands as colours and one as gray
    waste(512, 64),
    10_980**2 * 4 * 2,
    lambda scale: (10_980 * scale) ** 2 * 4 * 2,
    lambda scale: (10_980 * scale) ** 2 * 8 * 4,  # float32, and what each pixel is
)


def measure(device: str) -> dict[str, float]:
    """Seconds per megapixel of input, one thread."""
    import torch

    from swinsr.inference import Upscaler

    torch.set_num_threads(1)
    picture = np.random.default_rng(0).integers(0, 256, (SIDE, SIDE, 3), np.uint8)
    found = {}
    for name in MODELS:
        upscaler = Upscaler.from_pretrained(name, device=device, mode="exact")
        upscaler(picture[:64, :64])
        seconds = []
        for _ in range(3):
            clock = time.process_time if device == "cpu" else time.perf_counter
            start = clock()
            upscaler(picture)
            seconds.append(clock() - start)
        found[name] = sorted(seconds)[1] / (SIDE * SIDE / MEGA)
    return found


def scale_of(model: str) -> int:
    """The enlargement that is counted."""
    return 2 if model.endswith("x2") else 4


def amount(size: float) -> str:
    """Bytes for people."""
    for unit, name in ((1e12, "TB"), (1e9, "GB")):
        if size >= unit:
            return f"{size / unit:,.0f} {name}"
    return f"{size / 1e6:,.0f} MB"


def table(task: Task, seconds: dict[str, float]) -> list[str]:
    """Markdown."""
    lines = [
        f"{task.name[0].upper()}{task.name[1:]}:",
        "",
        f"| model | seconds per megapixel | core hours | hours on {CORES} cores | machines, a day "
        "| read | tiles | result |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
    ]
    for model in task.models:
        scale, each = scale_of(model), seconds[model]
        factor = 1.0 if model == "bicubic" else task.tiled
        hours = task.megapixels * each * factor / 3600
        between = task.between(scale)
        lines.append(
            f"| {model}, x{scale} | {each:.3g} | {hours:,.1f} | {hours / CORES:,.2f} | "
            f"{ceil(hours / CORES / 24)} | "
            f"{amount(task.read)} | {amount(between) if between else '-'} | "
            f"{amount(task.written(scale))} |"
        )
    return lines


def tables(results: Path = RESULTS) -> str:
    """Both tables, from what was measured."""
    seconds = json.loads(results.read_text(encoding="utf-8"))["seconds"]
    return "\n".join([*table(PHOTOGRAPHS, seconds), "", *table(SENTINEL, seconds)])


def main() -> None:
    """Measure where asked, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--measure", action="store_true")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("-o", "--output", type=Path, help="folder for what was measured")
    options = parser.parse_args()
    results = RESULTS if options.output is None else options.output / RESULTS.name
    if options.measure:
        found = {
            "machine": f"{platform.machine()}, {options.device}, one thread",
            "seconds": {name: round(value, 4) for name, value in measure(options.device).items()},
        }
        results.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    print(tables(results))


if __name__ == "__main__":
    main()
