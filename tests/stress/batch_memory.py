"""A folder of ten thousand small pictures: the command's memory does not grow with their number.

    python -m tests.stress.batch_memory --files 10000

Prints resident memory over the run; exits with 1 where it grows by more than the bound.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

SIDE = 24
WARM_UP = 0.1  # share of the run in which libraries and caches are still filled
BOUND_BYTES = 16 << 20
SUFFIXES = ("png", "jpg", "webp", "tif", "bmp", "gif")


def make_folder(folder: Path, files: int) -> None:
    """Small pictures of six formats, each with its own pixels."""
    rng = np.random.default_rng(0)
    for number in range(files):
        pixels = rng.integers(0, 256, (SIDE, SIDE, 3), np.uint8)
        suffix = SUFFIXES[number % len(SUFFIXES)]
        Image.fromarray(pixels).save(folder / f"{number:05}.{suffix}")


def resident_bytes(process: int) -> int:
    """What a process holds now; Linux only."""
    text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    line = next(line for line in text.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) << 10


def check(files: int, model: str) -> list[str]:
    """Run the command over a new folder and watch it.

    Returns:
        What contradicts the claim; [] where it holds.
    """
    with tempfile.TemporaryDirectory() as place:
        folder, out = Path(place) / "in", Path(place) / "out"
        folder.mkdir()
        make_folder(folder, files)
        command = [sys.executable, "-m", "swinsr", "upscale", str(folder), "-o", str(out)]
        options = ["--model", model, "--scale", "2", "--json", "--format", "png"]
        start = time.perf_counter()
        process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        memory: list[int] = []
        wrong = []
        for line in process.stdout:
            record = json.loads(line)
            if record["status"] != "done":
                wrong.append(f"{record['input']}: {record['error']}")
            if len(memory) < files - 1:  # at the last one the process may be gone
                memory.append(resident_bytes(process.pid))
        status, seconds = process.wait(), time.perf_counter() - start
        written = len(list(out.iterdir()))
    if status or written != files:
        wrong.append(f"exit status {status}, {written} of {files} files written")
    if not memory:
        return wrong
    warm = memory[int(len(memory) * WARM_UP) :]
    growth = max(warm) - warm[0]
    for share in (0.0, 0.1, 0.25, 0.5, 0.75, 1.0):
        number = min(int(share * len(memory)), len(memory) - 1)
        print(f"after {number + 1:6} pictures  {memory[number] / 2**20:7.1f} MiB")
    print(f"{files} pictures in {seconds:.0f} s; growth {growth / 2**20:.1f} MiB after the first")
    print(f"{WARM_UP:.0%}, the bound is {BOUND_BYTES / 2**20:.0f} MiB")
    if growth > BOUND_BYTES:
        wrong.append(f"memory grew by {growth / 2**20:.1f} MiB")
    return wrong


def main() -> None:
    """Run the check as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=10_000)
    parser.add_argument("--model", default="nearest")
    arguments = parser.parse_args()
    wrong = check(arguments.files, arguments.model)
    for problem in wrong:
        print(f"WRONG: {problem}")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
