"""Kills a video at random moments and lets it go on: the frames and the sound must be the same.

python -m tests.stress.video_kill9 [--kills 10] [--signal KILL|TERM|INT] [--minutes 1]
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

import av

from tests.stress.video_memory import make_clip


def command(source: Path, output: Path, preset: str) -> list[str]:
    """A run of some thirty groups a minute."""
    return [
        *(sys.executable, "-m", "swinsr", "video", str(source), "-o", str(output)),
        *("--scale", "2", "-m", "bicubic", "--preset", preset),
    ]


def digest(path: Path) -> str:
    """Of all frames with their times, and of the packets of sound with theirs."""
    total = hashlib.sha256()
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.video[0]):
            total.update(f"{frame.pts} {frame.width}x{frame.height}".encode())
            total.update(frame.to_ndarray().tobytes())
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.audio[0]):
            total.update(f"{packet.pts}".encode() + bytes(packet))
    return total.hexdigest()


def main() -> int:
    """Run; 0 if every resumed result is the uninterrupted one's, and nothing is left behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--signal", default="KILL", choices=("KILL", "TERM", "INT"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--preset", default="ultrafast")
    options = parser.parse_args()
    number = signal.Signals[f"SIG{options.signal}"]
    random.seed(options.seed)
    failures = killed = resumed = 0
    with tempfile.TemporaryDirectory() as folder:
        source, output = Path(folder, "in.mp4"), Path(folder, "out.mp4")
        make_clip(source, options.minutes)
        start = time.monotonic()
        subprocess.run(command(source, output, options.preset), check=True, capture_output=True)
        whole = time.monotonic() - start
        wanted = digest(output)
        output.unlink()
        while killed < options.kills:
            process = subprocess.Popen(
                command(source, output, options.preset),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
            delay = random.uniform(0.2, 1.0) * whole
            try:
                process.wait(delay)
            except subprocess.TimeoutExpired:
                os.kill(process.pid, number)
                killed += 1
            _, said = process.communicate()
            if process.returncode not in (0, -number, 128 + number):
                print(f"exit status {process.returncode}: {said.decode()}")
                failures += 1
            again = b""
            if not output.exists():
                run = subprocess.run(
                    command(source, output, options.preset), capture_output=True, check=False
                )
                again = run.stderr
                if run.returncode:
                    print(f"the resumed run failed: {again.decode()}")
                    failures += 1
                    continue
            resumed += b"of an earlier run" in again
            same = digest(output) == wanted
            clean = {p.name for p in Path(folder).iterdir()} == {"in.mp4", "out.mp4"}
            failures += not (same and clean)
            print(
                f"{killed:3} after {delay:5.2f} of {whole:.2f} s: "
                f"{'the same' if same else 'DIFFERENT'}{'' if clean else ', NOT CLEAN'}"
                f"{'  ' + again.decode().strip().rpartition(': ')[2] if again else ''}",
                flush=True,
            )
            output.unlink()
    print(f"{killed} kills, {resumed} runs went on with groups, {failures} failures")
    return 1 if failures or not killed else 0


if __name__ == "__main__":
    sys.exit(main())
