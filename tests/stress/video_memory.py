"""A long video takes no more memory than a short one.

python -m tests.stress.video_memory [--minutes 1 10]

Prints the peak of each run; exits with 1 where the longest takes over 10% more than the shortest.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

WIDTH, HEIGHT, RATE = 320, 180, 25
BOUND = 1.1


def make_clip(path: Path, minutes: float) -> None:
    """A moving gradient with noise that differs from frame to frame, and a sound track."""
    rng = np.random.default_rng(0)
    noise = [rng.integers(0, 40, (HEIGHT, WIDTH, 3), np.uint8) for _ in range(7)]
    ramp = np.linspace(0, 200, WIDTH, dtype=np.uint8)
    with av.open(str(path), "w") as out:
        video: Any = out.add_stream("libx264", rate=RATE, options={"preset": "ultrafast"})
        video.width, video.height, video.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        sound: Any = out.add_stream("aac", rate=48000)
        sound.layout = "mono"
        samples = 48000 // RATE
        for number in range(int(minutes * 60 * RATE)):
            pixels = np.roll(ramp, number)[None, :, None] + noise[number % 7]
            frame = av.VideoFrame.from_ndarray(pixels.astype(np.uint8), format="rgb24")
            frame.pts = number
            wave = np.sin(np.arange(samples, dtype=np.float32) * (0.01 + number % 50 / 500))
            voice = av.AudioFrame.from_ndarray(wave[None] * 0.2, "fltp", "mono")
            voice.sample_rate, voice.pts = 48000, number * samples
            voice.time_base = Fraction(1, 48000)
            for packet in [*video.encode(frame), *sound.encode(voice)]:
                out.mux(packet)
        for packet in [*video.encode(None), *sound.encode(None)]:
            out.mux(packet)


def peak_of(source: Path, output: Path) -> tuple[int, float]:
    """Peak resident bytes and seconds of one run of the command."""
    command = [sys.executable, "-m", "swinsr", "video", str(source), "-o", str(output)]
    options = ["--scale", "2", "-m", "bicubic", "--preset", "ultrafast"]
    start = time.monotonic()
    process = subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"the run ended with status {process.returncode}")
    return usage.ru_maxrss << 10, time.monotonic() - start


def main() -> int:
    """Run; 0 where the claim holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs=2, default=(1.0, 10.0))
    options = parser.parse_args()
    peaks = []
    with tempfile.TemporaryDirectory() as folder:
        for minutes in options.minutes:
            source, output = Path(folder, "in.mp4"), Path(folder, "out.mp4")
            make_clip(source, minutes)
            peak, seconds = peak_of(source, output)
            with av.open(str(output)) as container:
                frames = container.streams.video[0].frames
            print(
                f"{minutes:5.2f} min  {frames:6} frames  {seconds:7.1f} s  "
                f"{frames / seconds:6.1f} frames/s  peak {peak / 2**20:6.1f} MiB",
                flush=True,
            )
            if frames != int(minutes * 60 * RATE):
                return 1
            peaks.append(peak)
            output.unlink()
    ratio = peaks[1] / peaks[0]
    print(f"ratio {ratio:.3f}, the bound is {BOUND}")
    return int(ratio > BOUND)


if __name__ == "__main__":
    sys.exit(main())
