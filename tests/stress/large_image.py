"""Large outputs in little memory: the peak is bounded, and the same for twice the height.

python -m tests.stress.large_image [--megapixels 200] [--models bicubic,tiny] [--format png]
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from swinsr.image.bands import Outline, encode_bands
from swinsr.image.picture import Array, Metadata
from tests.helpers.command import peak_of
from tests.helpers.networks import tiny_file

WIDTH = 5000  # of the input; the output has twice as many columns
BOUND = 1_500_000_000
GROWTH = 1.10
BUDGET = "1200M"


def make_input(path: Path, height: int, width: int) -> None:
    """A picture with gradients and noise, written in bands: it is large itself."""
    rng = np.random.default_rng(0)

    def bands() -> Iterator[Array]:
        for top in range(0, height, 256):
            rows = np.arange(top, min(top + 256, height))[:, None]
            ramp = (rows // 7 + np.arange(width)[None] // 11) % 256
            noise = rng.integers(0, 16, (len(rows), width, 3))
            yield np.minimum(ramp[..., None] + noise, 255).astype(np.uint8)

    outline = Outline(height, width, 3, False, np.dtype(np.uint8), Metadata())
    with path.open("w+b") as stream:
        encode_bands(stream, outline, bands(), "TIFF", quality=95)


def run(model: str, source: Path, output: Path) -> tuple[int, float]:
    """Peak resident bytes and seconds of one run."""
    arguments = ["upscale", str(source), "-o", str(output), "-s", "2", "-m", model]
    arguments += ["--memory", BUDGET, "--precision", "float32", "--device", "cpu", "-q"]
    start = time.monotonic()
    peak = peak_of(*arguments)
    return peak, time.monotonic() - start


def main() -> int:
    """Measure; 0 if every peak is within the bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--megapixels", type=float, default=200, help="of the smaller output")
    parser.add_argument("--models", default="bicubic,tiny")
    parser.add_argument("--format", default="png", choices=("png", "tif", "jpg"))
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model in options.models.split(","):
            peaks = []
            for factor in (1, 2):
                height = int(factor * options.megapixels * 1e6 / (4 * WIDTH))
                source, output = folder / "in.tif", folder / f"out.{options.format}"
                make_input(source, height, WIDTH)
                weights = str(tiny_file(folder)) if model == "tiny" else model
                peak, seconds = run(weights, source, output)
                peaks.append(peak)
                print(
                    f"{model:8} {2 * WIDTH}x{2 * height} ({4 * height * WIDTH / 1e6:.0f} MP): "
                    f"{peak / 1e6:.0f} MB, {seconds:.0f} s, "
                    f"{output.stat().st_size / 1e6:.0f} MB written",
                    flush=True,
                )
                output.unlink()
                source.unlink()
            failures += max(peaks) > BOUND or peaks[1] > GROWTH * peaks[0]
    print("failed" if failures else f"all below {BOUND / 1e6:.0f} MB and within 10%")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
