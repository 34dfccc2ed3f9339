"""How long `swinsr upscale` takes on a 64x64 picture, imports and all, beside `import torch` alone.

    python -m benchmarks.startup [--runs 7] [-o benchmarks/results]

Both are whole processes, started in turn; medians. The target is at most 2.5 times.
"""

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from swinsr.image import Image, write_image

TARGET = 2.5


def seconds(command: Sequence[str]) -> float:
    """Wall time of a process; it has to succeed."""
    start = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return time.perf_counter() - start


def main() -> int:
    """Measure, print and perhaps write; 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("-o", "--output", type=Path, help="folder for startup.json")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, target = Path(folder) / "in.png", Path(folder) / "out.png"
        pixels = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
        write_image(source, Image(pixels))
        commands = {
            "import torch": [sys.executable, "-c", "import torch"],
            "swinsr upscale": [
                *(sys.executable, "-m", "swinsr", "upscale", str(source)),
                *("-o", str(target), "--overwrite"),
            ],
        }
        taken: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(given.runs + 1):
            for name, command in commands.items():
                taken[name].append(seconds(command))
    # The first of each reads from the disk.
    medians = {name: statistics.median(times[1:]) for name, times in taken.items()}
    ratio = medians["swinsr upscale"] / medians["import torch"]
    for name, value in medians.items():
        print(f"{name:16} {value:.2f} s")
    print(f"ratio {ratio:.2f}, at most {TARGET}")
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        result = {"medians": medians, "ratio": ratio, "seconds": taken}
        (given.output / "startup.json").write_text(json.dumps(result, indent=1) + "\n")
    return int(ratio > TARGET)


if __name__ == "__main__":
    sys.exit(main())
