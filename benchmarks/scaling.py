"""Seconds per pixel of a large picture over those of a small one, and the large one's peak memory.

    python -m benchmarks.scaling [--network swinir-s-x4] [--small 256] [--large 1024] [--runs 3]

Both sizes are run in turn, prepared as the Upscaler does; medians. At most 1.1 is the target. The
peak is that of a process of its own that does nothing else.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path

import torch

from benchmarks.memory import peak
from benchmarks.networks import NAMES, network
from swinsr.inference import prepare

TARGET = 1.1


def main() -> int:
    """Measure, print and perhaps write; 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--network", default="swinir-s-x4", choices=NAMES)
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--small", type=int, default=256)
    parser.add_argument("--large", type=int, default=1024)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-memory", action="store_true", help="leave the peak out")
    parser.add_argument("-o", "--output", type=Path, help="folder for scaling.json")
    given = parser.parse_args()
    ready = prepare(network(given.network), given.precision)
    for note in ready.notes:
        print(f"note: {note}")
    pictures = {side: torch.rand(1, 3, side, side) for side in (given.small, given.large)}
    taken: dict[int, list[float]] = {side: [] for side in pictures}
    ready(pictures[given.small])
    for _ in range(given.runs):
        for side, picture in pictures.items():
            start = time.perf_counter()
            ready(picture)
            taken[side].append((time.perf_counter() - start) / side**2)
    medians = {side: statistics.median(values) for side, values in taken.items()}
    ratio = medians[given.large] / medians[given.small]
    for side, value in medians.items():
        print(f"{side}x{side}: {1e6 * value:.2f} microseconds per pixel, {value * side**2:.2f} s")
    print(f"ratio {ratio:.3f}, at most {TARGET}")
    result = {
        "network": given.network,
        "precision": ready.precision,
        "threads": torch.get_num_threads(),
        "seconds_per_pixel": medians,
        "ratio": ratio,
    }
    if not given.no_memory:
        bytes_ = peak(given.network, f"swinsr {given.precision}", given.large)
        result["peak_bytes"] = bytes_
        if bytes_ is not None:
            print(f"peak memory at {given.large}x{given.large}: {bytes_ / 1e9:.2f} GB")
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        path = given.output / f"scaling-{given.network}-{given.precision}.json"
        path.write_text(json.dumps(result, indent=1) + "\n")
    return int(ratio > TARGET)


if __name__ == "__main__":
    sys.exit(main())
