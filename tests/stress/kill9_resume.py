"""Kills a run in tiles at random moments and lets it go on: the result must be the same bytes.

python -m tests.stress.kill9_resume [--kills 50] [--signal KILL|TERM|INT]
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image as PilImage

SIDE = (420, 300)


def make_input(path: Path) -> None:
    """A picture with texture everywhere, so that no tile is like another."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(0, 256, (SIDE[0] // 6, SIDE[1] // 6, 3), np.uint8)
    PilImage.fromarray(coarse).resize(SIDE[::-1], PilImage.Resampling.BICUBIC).save(path)


def command(source: Path, output: Path) -> list[str]:
    """A run of some dozen tiles."""
    return [
        *(sys.executable, "-m", "swinsr", "upscale", str(source), "-o", str(output)),
        *("-m", "swinsr-light-x2", "--tile", "96", "--precision", "float32", "--device", "cpu"),
    ]


def digest(path: Path) -> str:
    """Of the file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Run; 0 if every resumed result is the uninterrupted one's, and nothing is left behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--signal", default="KILL", choices=("KILL", "TERM", "INT"))
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    number = signal.Signals[f"SIG{options.signal}"]
    random.seed(options.seed)
    failures = resumed = killed = 0
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "in.png"), Path(folder, "out.png")
        work = Path(folder, ".out.png.swinsr")
        make_input(source)
        start = time.monotonic()
        subprocess.run(command(source, output), check=True, capture_output=True)
        whole = time.monotonic() - start
        wanted = digest(output)
        output.unlink()
        left = 0
        while left < options.kills:
            process = subprocess.Popen(
                command(source, output), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
            )
            # From the first import to the last byte; what is finished shortens later runs.
            delay = random.uniform(0.3, 1.05) * whole
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, number)
                killed += 1
                left += 1
            _, said = process.communicate()
            if process.returncode not in (0, -number, 128 + number):
                print(f"exit status {process.returncode}: {said.decode()}")
                failures += 1
            tiles = 0
            if work.exists():
                tiles = (work / "ledger").read_bytes().count(b'"kind": "tile"')
            if output.exists() and process.returncode != 0 and options.signal == "KILL":
                pass  # it was there before the process could end
            if not output.exists():
                again = subprocess.run(command(source, output), capture_output=True, check=False)
                resumed += b"tiles of an earlier run" in again.stderr
                if again.returncode:
                    print(f"the resumed run failed: {again.stderr.decode()}")
                    failures += 1
                    continue
            same = digest(output) == wanted
            clean = {p.name for p in Path(folder).iterdir()} == {"in.png", "out.png"}
            failures += not (same and clean)
            print(
                f"{killed:3} after {delay:5.2f} s, {tiles:3} tiles done: "
                f"{'identical' if same else 'DIFFERENT'}{'' if clean else ', NOT CLEAN'}",
                flush=True,
            )
            output.unlink()
    print(f"{killed} kills, {resumed} runs went on with tiles, {failures} failures")
    return 1 if failures or not killed else 0


if __name__ == "__main__":
    sys.exit(main())
