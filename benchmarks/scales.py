"""Scales that are no model's: interpolation at the end, or a further pass that is reduced.

    python -m benchmarks.scales FOLDER [--scales 5 6 8] [--images N] [-o benchmarks/results]

FOLDER holds good pictures. Each is reduced to the scale (Pillow's bicubic) and enlarged again as
the program does it by default and with --best; PSNR on Y, and seconds of the whole enlargement,
medians over the pictures, one after the other in one process.
"""

import argparse
import statistics
import sys
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.wild import SUFFIXES
from swinsr import Settings
from swinsr.files.engines import Engines
from swinsr.image import read_image, to_rgb
from swinsr.metrics import psnr_ssim_y

WAYS = {"bicubic": {"model": "bicubic"}, "default": {}, "--best": {"best": True}}


def main() -> int:
    """Measure, print and perhaps write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scales", description=__doc__)
    parser.add_argument("data", type=Path, help="a folder of good pictures")
    parser.add_argument("--scales", type=float, nargs="+", default=[5, 6, 8])
    parser.add_argument("--images", type=int, help="so many of the pictures, for a quick look")
    parser.add_argument("-o", "--output", type=Path, help="folder for scales.md")
    given = parser.parse_args()
    paths = sorted(p for p in given.data.iterdir() if p.suffix.lower() in SUFFIXES)[: given.images]
    if not paths:
        parser.error(f"{given.data}: there is no picture in this folder")
    lines = [
        "| scale | way | models | PSNR-Y, dB | seconds | over default |",
        "|---|---|---|---|---|---|",
    ]
    for scale in given.scales:
        rows = {}
        for way, options in WAYS.items():
            upscaler = Engines(Settings(scale=scale, **options)).get(scale)
            scores, seconds = [], []
            for number, path in enumerate([paths[0], *paths]):  # the first is for warming up
                truth = np.ascontiguousarray(to_rgb(read_image(path).pixels))
                size = (int(truth.shape[1] // scale), int(truth.shape[0] // scale))
                truth = truth[: int(size[1] * scale), : int(size[0] * scale)]
                small = np.asarray(Image.fromarray(truth).resize(size, Image.Resampling.BICUBIC))
                start = time.perf_counter()
                out = upscaler(small, scale)
                if number:
                    seconds.append(time.perf_counter() - start)
                    cut = tuple(
                        slice(0, min(a, b)) for a, b in zip(out.shape, truth.shape, strict=True)
                    )
                    scores.append(psnr_ssim_y(out[cut], truth[cut], border=int(scale)).psnr)
            rows[way] = (upscaler.engine.name, statistics.mean(scores), statistics.median(seconds))
            print(f"x{scale:g} {way}: {rows[way]}", file=sys.stderr, flush=True)
        for way, (name, psnr, taken) in rows.items():
            ratio = taken / rows["default"][2]
            lines.append(f"| {scale:g} | {way} | {name} | {psnr:.2f} | {taken:.2f} | {ratio:.1f} |")
    text = "\n".join(lines)
    print(text)
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "scales.md").write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
