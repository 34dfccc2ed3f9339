"""The bundled networks for damaged pictures beside what else takes damage out.

    python -m benchmarks.restoration path/to/Set14 [-o benchmarks/results]

Four tasks, each with one input for all contenders, 8 bits as files have it:

- real: reduced to a quarter, noise of 10 levels, JPEG of quality 50; `swinsr-real-x4` beside the
  network for clean pictures and bicubic interpolation. Bound: 1 dB over the network.
- denoise: noise of 25 levels; `swinsr-denoise` beside OpenCV's non-local means and scikit-image's
  wavelets and total variation, each at whichever of its strengths is the best on the whole set.
  Bound: 1 dB over the best of them.
- jpeg: quality 20; `swinsr-jpeg` beside the JPEG as it is. Bound: 1 dB over it.
- jpeg 15: quality 15; the same.

Scores are means over the pictures: PSNR on Y, which the bounds are for, on Cb and Cr together, and
on RGB.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage.restoration import denoise_tv_chambolle, denoise_wavelet

from swinsr.degradations import add_gaussian_noise, imresize, jpeg, to_bytes, to_float
from swinsr.evaluation.condition import Condition
from swinsr.evaluation.layout import list_items
from swinsr.evaluation.sample import load_sample
from swinsr.inference import Upscaler
from swinsr.metrics import psnr, psnr_y
from swinsr.metrics.traces import COLOURS
from swinsr.zoo import bundled_models, default_model

Bytes = NDArray[np.uint8]
Restore = Callable[[Bytes], Bytes]
SIGMA = 25
GAIN = 1.0
TASKS = ("real", "denoise", "jpeg", "jpeg 15")
Scores = tuple[float, float, float]


def noisy(image: Bytes, sigma: float) -> Bytes:
    """With Gaussian noise of a fixed seed."""
    return to_bytes(add_gaussian_noise(to_float(image), sigma, np.random.default_rng(0)))


DAMAGE: dict[str, Restore] = {
    "real": lambda image: jpeg(noisy(imresize(image, scale=1 / 4), 10), 50),
    "denoise": lambda image: noisy(image, SIGMA),
    "jpeg": lambda image: jpeg(image, 20),
    "jpeg 15": lambda image: jpeg(image, 15),
}


def ours(task: str) -> str | None:
    """The bundled network that a task is for; None where none ships."""
    if task == "real":
        return next((m.name for m in bundled_models() if m.damage == "heavy"), None)
    kind = "color_denoise" if task == "denoise" else "color_jpeg"
    return next((m.name for m in bundled_models() if m.task == kind), None)


def total_variation(image: Bytes, weight: float) -> Bytes:
    """scikit-image's, of Chambolle."""
    return to_bytes(denoise_tv_chambolle(image / 255.0, weight=weight, channel_axis=-1))


def wavelets(image: Bytes, share: float) -> Bytes:
    """scikit-image's, with BayesShrink in YCbCr; told a share of the noise's true sigma."""
    return to_bytes(
        denoise_wavelet(
            image / 255.0, sigma=share * SIGMA / 255, convert2ycbcr=True, channel_axis=-1
        )
    )


def non_local_means(image: Bytes, strength: float) -> Bytes:
    """OpenCV's for colour, with the windows of its documentation."""
    restored = cv2.fastNlMeansDenoisingColored(image[..., ::-1].copy(), None, strength, strength)
    return np.ascontiguousarray(restored[..., ::-1]).astype(np.uint8)


def of_strength(function: Callable[[Bytes, float], Bytes], strength: float) -> Restore:
    """A peer at one strength."""
    return lambda image: function(image, strength)


def peers(task: str) -> dict[str, list[Restore]]:
    """What is beside ours: by name, one a strength."""
    if task == "real":
        clean = Upscaler.from_pretrained(default_model(4.0).name)
        return {"bicubic": [lambda x: imresize(x, scale=4)], default_model(4.0).name: [clean]}
    if task.startswith("jpeg"):
        return {"the JPEG": [lambda x: x]}
    strengths = {
        "OpenCV non-local means": (non_local_means, (8, 12, 16, 20, 25)),
        "scikit-image wavelets": (wavelets, (0.5, 0.75, 1.0, 1.25)),
        "scikit-image total variation": (total_variation, (0.06, 0.08, 0.1, 0.12, 0.15)),
    }
    return {
        name: [of_strength(function, strength) for strength in values]
        for name, (function, values) in strengths.items()
    }


def psnr_colours(restored: Bytes, truth: Bytes, border: int) -> float:
    """PSNR of Cb and Cr together, of full range as JPEG has them."""
    inner = slice(border, -border or None)
    error = (restored[inner, inner].astype(float) - truth[inner, inner]) @ COLOURS[1:].T
    return float(10 * np.log10(255**2 / np.square(error).mean()))


def score(restore: Restore, task: str, truths: list[Bytes]) -> Scores:
    """Mean PSNR on Y, on Cb and Cr, and on RGB; gray pictures have no share in the second."""
    border = 4 if task == "real" else 0
    found = []
    for truth in truths:
        restored = restore(DAMAGE[task](truth))
        gray = np.ptp(truth.astype(int), axis=2).max() == 0
        colours = np.nan if gray else psnr_colours(restored, truth, border)
        on_y, on_rgb = (measure(restored, truth, border=border) for measure in (psnr_y, psnr))
        found.append((on_y, colours, on_rgb))
    on_y, on_colours, on_rgb = np.nanmean(found, axis=0).tolist()
    return on_y, on_colours, on_rgb


def load_truths(folder: Path, task: str) -> list[Bytes]:
    """The pictures in RGB, cut to what the scale divides."""
    scale = 4 if task == "real" else 1
    condition = Condition("noise", level=SIGMA)
    truths = [load_sample(item, condition).truth for item in list_items(folder, condition).items]
    return [
        np.ascontiguousarray(t[: t.shape[0] // scale * scale, : t.shape[1] // scale * scale])
        for t in truths
    ]


def main() -> int:
    """Compare, print and perhaps write; 1 where a bound is broken or a network is missing."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, help="the folder of the test pictures")
    parser.add_argument("--tasks", nargs="+", default=list(TASKS), choices=TASKS)
    parser.add_argument("--images", type=int, help="for a quick look")
    parser.add_argument("-o", "--output", type=Path, help="folder for restoration.json and .md")
    given = parser.parse_args()
    lines = ["| task | program | PSNR-Y, dB | PSNR-CbCr, dB | PSNR, dB |", "|---|---|---|---|---|"]
    print(*lines, sep="\n", flush=True)
    results: dict[str, dict[str, Scores]] = {}
    good = True
    for task in given.tasks:
        truths = load_truths(given.data, task)[: given.images]
        found = results[task] = {}
        for name, ways in peers(task).items():
            found[name] = max(score(way, task, truths) for way in ways)
        clean = default_model(4.0).name
        best = found[clean][0] if clean in found else max(on_y for on_y, *_ in found.values())
        network = ours(task)
        if network is not None:
            found[network] = score(Upscaler.from_pretrained(network), task, truths)
        good &= network is not None and found[network][0] >= best + GAIN
        for name, scores in found.items():
            lines.append(f"| {task} | {name} | {' | '.join(f'{s:.2f}' for s in scores)} |")
            print(lines[-1], flush=True)
    print("within the bounds" if good else "a bound is broken")
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "restoration.json").write_text(json.dumps(results, indent=1) + "\n")
        (given.output / "restoration.md").write_text("\n".join(lines) + "\n")
    return int(not good)


if __name__ == "__main__":
    with torch.inference_mode():
        sys.exit(main())
