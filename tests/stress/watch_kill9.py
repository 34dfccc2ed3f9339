"""Kills a watcher at random moments and starts it again: everything is done once, and right.

python -m tests.stress.watch_kill9 [--kills 10] [--pictures 60]

Exits with 1 on a result that is missing, another than `swinsr upscale` gives, made a second time,
or on anything that is left behind.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

_SIDE = 700  # large enough to be killed at
_EARLY = 0.002  # share of the looks after which it is killed though nothing new is there


def make_pictures(folder: Path, count: int) -> None:
    """Smooth pictures, and among them some that are none."""
    folder.mkdir()
    y, x = np.mgrid[:_SIDE, :_SIDE]
    for number in range(count):
        pixels = np.stack([np.sin(x / (5 + number)), np.cos(y / 9), np.sin((x + y) / 7)], axis=2)
        Image.fromarray((pixels * 100 + 128).astype(np.uint8)).save(folder / f"{number:03}.png")
    for number in range(max(count // 10, 1)):
        (folder / f"bad{number}.png").write_bytes(b"no picture")


def stamps(folder: Path) -> dict[str, tuple[int, int]]:
    """Number and time of each result that is there."""
    found = {}
    for path in folder.glob("[!.]*.png"):
        seen = path.stat()
        found[path.name] = (seen.st_ino, seen.st_mtime_ns)
    return found


def main() -> int:
    """Run; 0 where the claim holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--pictures", type=int, default=60)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    wrong: list[str] = []
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_pictures(folder / "in", options.pictures)
        names = sorted(path.name for path in (folder / "in").glob("[0-9]*.png"))
        bad = sorted(path.name for path in (folder / "in").glob("bad*.png"))
        swinsr = [sys.executable, "-m", "swinsr"]
        common = ["-o", "out", "-s", "2", "-m", "bicubic", "-q"]
        plain = [*swinsr, "upscale", "in", "-o", "plain", *common[2:]]
        start = time.monotonic()
        subprocess.run(plain, cwd=folder, check=False, capture_output=True)
        whole = time.monotonic() - start
        watch = [*swinsr, "watch", "in", *common, "--move-to", "done", "--settle", "0.1", "--once"]
        seen: dict[str, tuple[int, int]] = {}
        killed = 0
        while killed < options.kills:
            process = subprocess.Popen(watch, cwd=folder, stderr=subprocess.DEVNULL)
            while rng.random() > _EARLY and process.poll() is None:
                if (folder / "out").exists() and len(stamps(folder / "out")) > len(seen):
                    break
                time.sleep(0.01)
            try:
                process.wait(rng.uniform(0.0, 4 * whole / options.pictures))
            except subprocess.TimeoutExpired:
                os.kill(process.pid, signal.SIGKILL)
                process.wait()
                killed += 1
            now = stamps(folder / "out") if (folder / "out").exists() else {}
            wrong += [f"{name} was made again" for name in seen if now.get(name) != seen[name]]
            print(f"{killed:3} kills, {len(now):3} of {len(names)} results", flush=True)
            seen = now
            if len(now) == len(names) and process.returncode == 0:
                break
        subprocess.run(watch, cwd=folder, check=False, stderr=subprocess.DEVNULL)
        now = stamps(folder / "out")
        wrong += [f"{name} was made again" for name in seen if now.get(name) != seen[name]]
        for name in names:
            made = folder / "out" / name.replace(".png", "_x2.png")
            expected = folder / "plain" / made.name
            if not made.exists() or made.read_bytes() != expected.read_bytes():
                wrong.append(f"{made.name} is missing, or another")
        listed = {
            part: sorted(p.name for p in (folder / part).iterdir()) for part in ("in", "done")
        }
        aside = sorted(path.name for path in (folder / "in/failed").iterdir())
        if listed != {"in": ["failed"], "done": names}:
            wrong.append(f"inputs lie elsewhere: {listed}")
        if aside != sorted([*bad, *(f"{name}.txt" for name in bad)]):
            wrong.append(f"bad files lie elsewhere: {aside}")
        left = {path.name for path in (folder / "out").iterdir()} - set(now)
        if left != {".swinsr-watch"} or len(now) != len(names):
            wrong.append(f"the results' folder holds more: {left}, {len(now)} results")
    print(f"{killed} kills, {len(wrong)} failures")
    for line in wrong[:20]:
        print(f"WRONG: {line}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
