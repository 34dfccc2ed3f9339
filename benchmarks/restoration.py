"""The bundled networks for damaged pictures beside what else takes damage out.

    python -m benchmarks.restoration path/to/Set14 [-o benchmarks/results]

Three tasks, each with one input for all contenders, 8 bits as files have it:

- real: reduced to a quarter, noise of 10 levels, JPEG of quality 50; `swinsr-real-x4` beside the
  network for clean pictures and bicubic interpolation. Bound: 1 dB over the network.
- denoise: noise of 25 levels; `swinsr-denoise` beside OpenCV's non-local means and scikit-image's
  wavelets and total variation, each at whichever of its strengths is the best on the whole set.
  Bound: 1 dB over the best of them.
- jpeg: quality 20; `swinsr-jpeg` beside the JPEG as it is. Bound: 1 dB over it.

Scores are means over the pictures: PSNR on Y, which the bounds are for, and on RGB.
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
from swinsr.zoo import bundled_models, default_model

Bytes = NDArray[np.uint8]
Restore = Callable[[Bytes], Bytes]
SIGMA = 25
GAIN = 1.0
OURS = {"real": "real_sr", "denoise": "color_denoise", "jpeg": "color_jpeg"}


def noisy(image: Bytes, sigma: float) -> Bytes:
    """With Gaussian noise of a fixed seed."""
    return to_bytes(add_gaussian_noise(to_float(image), sigma, np.random.default_rng(0)))


DAMAGE: dict[str, Restore] = {
    "real": lambda image: jpeg(noisy(imresize(image, scale=1 / 4), 10), 50),
    "denoise": lambda image: noisy(image, SIGMA),
    "jpeg": lambda image: jpeg(image, 20),
}


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
    if task == "jpeg":
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


def score(restore: Restore, task: str, truths: list[Bytes]) -> tuple[float, float]:
    """Mean PSNR on Y and on RGB."""
    border = 4 if task == "real" else 0
    found = []
    for truth in truths:
        restored = restore(DAMAGE[task](truth))
        found.append((psnr_y(restored, truth, border=border), psnr(restored, truth, border=border)))
    on_y, on_rgb = np.mean(found, axis=0)
    return float(on_y), float(on_rgb)


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
    parser.add_argument("--tasks", nargs="+", default=list(OURS), choices=list(OURS))
    parser.add_argument("--images", type=int, help="for a quick look")
    parser.add_argument("-o", "--output", type=Path, help="folder for restoration.json and .md")
    given = parser.parse_args()
    lines = ["| task | program | PSNR-Y, dB | PSNR, dB |", "|---|---|---|---|"]
    print(*lines, sep="\n", flush=True)
    results: dict[str, dict[str, tuple[float, float]]] = {}
    good = True
    for task in given.tasks:
        truths = load_truths(given.data, task)[: given.images]
        found = results[task] = {}
        for name, ways in peers(task).items():
            found[name] = max(score(way, task, truths) for way in ways)
        clean = default_model(4.0).name
        best = found[clean][0] if clean in found else max(on_y for on_y, _ in found.values())
        for entry in bundled_models():
            if entry.task == OURS[task]:
                found[entry.name] = score(Upscaler.from_pretrained(entry.name), task, truths)
                good &= found[entry.name][0] >= best + GAIN
        good &= any(entry.task == OURS[task] for entry in bundled_models())
        for name, (on_y, on_rgb) in found.items():
            lines.append(f"| {task} | {name} | {on_y:.2f} | {on_rgb:.2f} |")
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
