"""A good picture made worse, restored, and scored against itself."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swinsr.degradations import add_gaussian_noise, imresize, jpeg
from swinsr.demo.catalogue import AUTOMATIC, Offer, automatic, find_offer
from swinsr.demo.jobs import Submission
from swinsr.demo.tasks.compare import Panel, enlarge_plainly, save_shown
from swinsr.demo.tasks.convert import Workshop, run
from swinsr.errors import ImageReadError
from swinsr.image import Image, to_depth, to_float, to_gray, to_rgb
from swinsr.metrics import psnr_ssim, psnr_ssim_y

Pixels = NDArray[np.uint8]
# SSIM needs whole windows of 11 pixels inside the border.
SMALLEST = 48
# Differences of one level of 255 would not be seen.
GAIN = 4
NOISE, QUALITY = 25, 30


@dataclass(frozen=True)
class ScoreRow:
    """One row: PSNR in dB (inf for identical pictures), SSIM at most 1."""

    name: str
    psnr: float
    ssim: float
    seconds: float


@dataclass(frozen=True)
class Scored:
    """What was done to the picture, the scores, and what there is to look at."""

    made_worse: str
    measured_on: str
    scores: tuple[ScoreRow, ...]
    panels: tuple[Panel, ...]


def run_scoring(
    shop: Workshop, job: Submission, path: str | None, model: str, scale: int
) -> Scored:
    """Reduce (or spoil, for models that restore) a picture, restore it, and score the result.

    Scores are those of papers: enlargement on the Y channel, a border of `scale` pixels left out;
    restoration on RGB, or gray.

    Args:
        shop: folder, limits and models.
        job: notified with the progress.
        path: of the upload, a good picture.
        model: the name of an offer, or `AUTOMATIC`.
        scale: 2, 3, 4 or 8; 1 for models that restore, whatever is given.

    Raises:
        ImageReadError: the picture is too small to be scored.
        SwinsrError: whatever is wrong with the upload or the model.
    """
    offer = find_offer(automatic(scale) if model == AUTOMATIC else model)
    scale = 1 if offer.restores else scale
    upload = shop.open(path)
    job.stage("Making it worse")
    truth = _truth(upload.read(), offer, scale, upload.name)
    poor, made_worse = _worse(truth, offer, scale)
    size = truth.shape[:2]
    bigger = enlarge_plainly(Image(to_depth(np.clip(poor, 0, 1), np.uint8)), size)
    panels = [
        Panel(save_shown(shop, Image(truth)), "The picture itself"),
        Panel(save_shown(shop, bigger), "Made worse", made_worse),
    ]
    scores = [] if scale > 1 else [_score("made worse", bigger.pixels, truth, scale, 0.0)]
    for one in [model] if offer.restores else ["bicubic", model]:
        upscaler = shop.catalogue.reaching(one, float(scale), job)
        name = upscaler.engine.name
        job.stage(f"{name}")
        done, seconds = run(upscaler, Image(poor), float(scale), job, upload.name)
        pixels = to_depth(done.pixels, np.uint8)
        score = _score(name, pixels, truth, scale, seconds)
        scores.append(score)
        panels += [
            Panel(save_shown(shop, Image(pixels)), name, f"{score.psnr:.2f} dB, {score.ssim:.4f}"),
            Panel(save_shown(shop, Image(_difference(pixels, truth))), f"Difference of {name}",
                  f"{GAIN} times as strong; black is no difference"),
        ]  # fmt: skip
        if model == "bicubic":
            break
    measured = "the brightness (Y)" if scale > 1 and truth.shape[2] == 3 else "all channels"
    return Scored(made_worse, measured, tuple(scores), tuple(panels))


def _truth(image: Image, offer: Offer, scale: int, name: str) -> Pixels:
    """8 bits, without transparency, sides that are multiples of the scale."""
    height, width = (side - side % scale for side in (image.height, image.width))
    if min(height, width) < SMALLEST:
        raise ImageReadError(
            f"{name}: {image.width} x {image.height} pixels are too few to be scored; take a "
            f"picture with at least {SMALLEST + scale - 1} a side"
        )
    gray = offer.entry is not None and offer.entry.task.startswith("gray_")
    pixels = to_gray(image.pixels) if gray else to_rgb(image.pixels)
    return np.ascontiguousarray(to_depth(pixels, np.uint8)[:height, :width])


def _worse(truth: Pixels, offer: Offer, scale: int) -> tuple[NDArray[np.float32], str]:
    """float32 in 0..1 (noise may exceed it), and what was done."""
    if scale > 1:
        height, width = truth.shape[0] // scale, truth.shape[1] // scale
        small = to_float(imresize(truth, scale=1 / scale))
        return small, f"reduced by {scale} to {width} x {height} pixels"
    assert offer.entry is not None
    if offer.entry.task.endswith("_jpeg"):
        quality = offer.entry.quality or QUALITY
        return to_float(jpeg(truth, quality)), f"saved as JPEG of quality {quality}"
    sigma = offer.entry.noise or NOISE
    noisy = add_gaussian_noise(to_float(truth), sigma, np.random.default_rng(0))
    return noisy, f"noise of strength {sigma} (of 255) added"


def _score(name: str, pixels: Any, truth: Pixels, scale: int, seconds: float) -> ScoreRow:
    on_luma = scale > 1 and truth.shape[2] == 3
    border = scale if scale > 1 else 0
    found = (psnr_ssim_y if on_luma else psnr_ssim)(pixels, truth, border=border)
    return ScoreRow(name, found.psnr, found.ssim, seconds)


def _difference(pixels: Any, truth: Pixels) -> Pixels:
    apart = np.abs(pixels.astype(np.int16) - truth.astype(np.int16)) * GAIN
    shown: Pixels = np.minimum(apart, 255).astype(np.uint8)
    return shown
