"""How long the command takes to answer what needs no network: help, and the simple errors.

    python -m benchmarks.answers [--runs 7]

Help is measured in processor seconds over those of `python -c pass`; an error in wall seconds
beside `import torch`, which no simple error may wait for. Runs of both take turns, so that another
program on the machine slows both; the least of several counts. Exits with 1 beyond the bounds.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

HELP_CPU_SECONDS = 0.25
SHARE_OF_TORCH = 0.5
PASS = (sys.executable, "-c", "pass")
TORCH = (sys.executable, "-c", "import torch")
SWINSR = (sys.executable, "-m", "swinsr")
ERRORS = {
    "missing file": ("missing.jpg",),
    "existing output": ("in.png",),
    "wrong suffix": ("in.png", "-o", "out.xyz"),
    "misspelt model": ("in.png", "-m", "swinsr-light-x44"),
}


def measure(command: Sequence[str], folder: Path) -> tuple[float, float]:
    """Wall and processor seconds of one run."""
    before, start = os.times(), time.perf_counter()
    subprocess.run(command, cwd=folder, capture_output=True, check=False)
    wall, after = time.perf_counter() - start, os.times()
    used = after.children_user + after.children_system
    return wall, used - before.children_user - before.children_system


def least(commands: Sequence[Sequence[str]], folder: Path, runs: int) -> list[tuple[float, float]]:
    """Of each command the least wall and processor seconds, the commands in turn."""
    found = [[measure(command, folder) for command in commands] for _ in range(runs)]
    return [
        (min(row[i][0] for row in found), min(row[i][1] for row in found))
        for i in range(len(commands))
    ]


def main() -> int:
    """Print a table, and judge it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=7)
    runs = parser.parse_args().runs
    os.environ["PYTHONPATH"] = str(
        Path(__file__).resolve().parents[1]
    )  # this one, installed or not
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        Image.new("RGB", (32, 24)).save(folder / "in.png")
        (folder / "in_x4.png").write_bytes(b"mine")
        commands = [PASS, TORCH, (*SWINSR, "--help")]
        commands += [(*SWINSR, *arguments) for arguments in ERRORS.values()]
        measure(TORCH, folder)  # from the disk into memory
        empty, torch, shown, *errors = least(commands, folder, runs)
    good = shown[1] - empty[1] <= HELP_CPU_SECONDS
    print(f"import torch: {torch[0]:.2f} s")
    print(f"--help: {shown[1] - empty[1]:.2f} s of processor time over `pass`, {shown[0]:.2f} s")
    for what, (wall, _) in zip(ERRORS, errors, strict=True):
        good &= wall <= SHARE_OF_TORCH * torch[0]
        print(f"{what}: {wall:.2f} s, {wall / torch[0]:.2f} times `import torch`")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
