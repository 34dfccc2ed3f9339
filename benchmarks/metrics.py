"""PSNR and SSIM on Y, beside BasicSR's functions: the values first, then the time.

    python benchmarks/metrics.py [--images 100] [--size 1000]

Both score the same pairs of 8-bit images in turn, in one process. BasicSR is timed where it is
installed (pip install --no-deps basicsr); without it the table has our rows alone and says so.
Exits with 1 where the values differ by more than 1e-6.
"""

import argparse
import importlib
import os
import sys
import time
import types
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np

from swinsr.metrics import psnr_ssim_y

TOLERANCE = 1e-6
Score = tuple[float, float]  # PSNR in dB and SSIM
Scorer = Callable[[np.ndarray, np.ndarray, int], Score]


def basicsr_scorer() -> Scorer | None:
    """BasicSR's two functions, imported without the parts of it that need torchvision."""
    spec = find_spec("basicsr")
    if spec is None or not spec.submodule_search_locations:
        return None
    root = Path(spec.submodule_search_locations[0]).parent
    for name in ("basicsr", "basicsr.utils", "basicsr.metrics"):
        package = types.ModuleType(name)
        package.__path__ = [str(root / name.replace(".", "/"))]
        sys.modules[name] = package
    colour = importlib.import_module("basicsr.utils.color_util")
    sys.modules["basicsr.utils"].bgr2ycbcr = colour.bgr2ycbcr
    metrics = importlib.import_module("basicsr.metrics.psnr_ssim")

    def score(sr: np.ndarray, hr: np.ndarray, border: int) -> Score:
        bgr = sr[..., ::-1], hr[..., ::-1], border
        return (
            float(metrics.calculate_psnr(*bgr, test_y_channel=True)),
            float(metrics.calculate_ssim(*bgr, test_y_channel=True)),
        )

    return score


def our_score(sr: np.ndarray, hr: np.ndarray, border: int) -> Score:
    """This package's two scores."""
    score = psnr_ssim_y(sr, hr, border=border)
    return score.psnr, score.ssim


def image_pair(size: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """A smooth random truth over the whole range, and the same with noise that grows with seed."""
    rng = np.random.default_rng(seed)
    rough = rng.normal(size=(size, size, 3)).astype(np.float32)
    smooth = cv2.normalize(cv2.GaussianBlur(rough, (0, 0), 3), None, 0, 255, cv2.NORM_MINMAX)
    noisy = smooth + rng.normal(0, 2 + seed % 10, smooth.shape)
    sr, hr = (image.round().clip(0, 255).astype(np.uint8) for image in (noisy, smooth))
    return sr, hr


def main() -> int:
    """Compare, time and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=int, default=100)
    parser.add_argument("--size", type=int, default=1000, help="height and width")
    parser.add_argument("--border", type=int, default=4)
    options = parser.parse_args()

    theirs = basicsr_scorer()
    seconds = {"swinsr": 0.0, "BasicSR": 0.0}
    largest = np.zeros(2)
    for index in range(-1, options.images):  # one pair more than asked for, to warm up
        sr, hr = image_pair(options.size, max(index, 0))
        start = time.perf_counter()
        ours = our_score(sr, hr, options.border)
        middle = time.perf_counter()
        if theirs is not None:
            expected = theirs(sr, hr, options.border)
            largest = np.maximum(largest, np.abs(np.subtract(ours, expected)))
        end = time.perf_counter()
        if index >= 0:
            seconds["swinsr"] += middle - start
            seconds["BasicSR"] += end - middle

    megapixels = options.images * options.size**2 / 1e6
    print(f"PSNR and SSIM on Y, {options.images} images of {options.size}x{options.size}")
    print(f"{os.cpu_count()} cores, OpenCV {cv2.__version__} with {cv2.getNumThreads()} threads")
    if theirs is None:
        print("BasicSR is not installed: no values to compare with, and no time beside ours.")
        print("To have both: pip install --no-deps basicsr")
        del seconds["BasicSR"]
    else:
        print(f"largest difference: PSNR {largest[0]:.1e} dB, SSIM {largest[1]:.1e}")
        if largest.max() > TOLERANCE:
            print(f"The values differ by more than {TOLERANCE}: no times are given.")
            return 1
    print(f"\n{'':10}{'seconds':>10}{'ms / megapixel':>18}")
    for name, total in seconds.items():
        print(f"{name:10}{total:10.2f}{1000 * total / megapixels:18.1f}")
    if theirs is not None:
        print(f"\nswinsr is {seconds['BasicSR'] / seconds['swinsr']:.1f} times as fast.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
