"""Train the network of `swinsr.metrics.traces`: how much damage changed a picture.

    python weights/training/traces.py FOLDER... [--crops 12000] [--steps 5000]

Crops of the pictures are reduced, then damaged as people's are (`damaged` below); what each is to
tell is how far that took it from the undamaged crop. What else is learned beside it, of the finest
structure, of colours and of blur, is for the features' sake and not kept. 20 minutes on one core.
"""

import argparse
import io
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F

from swinsr.image import read_image, to_rgb
from swinsr.metrics.traces import COLOURS, FILTERS, OFFSET, STRIDES, WEIGHTS

Pixels = NDArray[np.uint8]
SIDE, MARGIN = 96, 16
HELD_BACK, BATCH, RATE = 600, 24, 2e-3
CHANNELS = (16, 24, 32, 48, 48)
TARGETS = 5
KINDS = {
    "clean": 0.2,
    "jpeg": 0.22,
    "noise": 0.16,
    "noise, jpeg": 0.1,
    "reduced": 0.16,
    "blur": 0.06,
    "blur, jpeg": 0.05,
    "enlarged": 0.05,
}
RESAMPLING = (
    Image.Resampling.BICUBIC,
    Image.Resampling.BILINEAR,
    Image.Resampling.LANCZOS,
    Image.Resampling.BOX,
)


@dataclass(frozen=True)
class Jpeg:
    """How a crop is saved."""

    quality: int
    sampling: Literal["4:4:4", "4:2:0"]

    def __call__(self, picture: Image.Image) -> Image.Image:
        """The picture, saved and read."""
        stream = io.BytesIO()
        picture.save(stream, "JPEG", quality=self.quality, subsampling=self.sampling)
        return Image.open(stream).convert("RGB")


def noisy(picture: Image.Image, level: float, rng: np.random.Generator) -> Image.Image:
    """White noise, at times one for all colours, stronger in the light, or soft."""
    pixels = np.asarray(picture).astype(np.float32)
    channels = 1 if rng.random() < 0.3 else 3
    noise = rng.normal(0, level, (*pixels.shape[:2], channels)).astype(np.float32)
    if rng.random() < 0.25:
        noise = noise * np.sqrt(np.maximum(pixels, 8) / 128)
    if rng.random() < 0.15:
        soft = cv2.GaussianBlur(noise, (0, 0), rng.uniform(0.4, 0.8))
        noise = 1.5 * soft.reshape(*pixels.shape[:2], -1)
    return Image.fromarray((pixels + noise).clip(0, 255).round().astype(np.uint8))


def blurred(picture: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Soft by a Gaussian."""
    return Image.fromarray(cv2.GaussianBlur(np.asarray(picture), (0, 0), rng.uniform(0.35, 1.3)))


def saved(picture: Image.Image, jpeg: Jpeg, rng: np.random.Generator) -> Image.Image:
    """A JPEG whose grid begins anywhere, at times saved once more."""
    left, top = rng.integers(0, 8, 2)
    result = picture.copy()
    result.paste(jpeg(picture.crop((left, top, *picture.size))), (left, top))
    if rng.random() < 0.12:
        result = Jpeg(int(rng.integers(70, 97)), jpeg.sampling)(result)
    return result


def damaged(
    large: Image.Image, small: Image.Image, rng: np.random.Generator
) -> tuple[Image.Image, Image.Image]:
    """A damaged crop, and the same one with no more than its blur.

    Args:
        large: what the crop was before it was reduced.
        small: the crop.
        rng: decides.
    """
    kind = str(rng.choice(list(KINDS), p=list(KINDS.values())))
    quality = int(rng.choice([rng.integers(25, 98), rng.integers(60, 96)]))
    jpeg = Jpeg(quality, "4:4:4" if rng.random() < 0.33 else "4:2:0")
    how = RESAMPLING[rng.integers(4)]
    if kind == "reduced":
        side = round(small.width / rng.uniform(0.5, 0.98))
        before = large.resize((side, side), Image.Resampling.BICUBIC)
        result = jpeg(before).resize(small.size, how)
        if rng.random() < 0.1:
            result = noisy(result, rng.uniform(0.5, 4), rng)
        return result, before.resize(small.size, how)
    if kind == "enlarged":
        side = round(small.width / rng.uniform(1.03, 1.6))
        before = large.resize((side, side), Image.Resampling.BICUBIC)
        after = jpeg(before) if rng.random() < 0.6 else before
        return after.resize(small.size, how), before.resize(small.size, how)
    base = blurred(small, rng) if "blur" in kind else small
    result = base
    if kind == "noise":
        result = noisy(base, float(np.exp(rng.uniform(np.log(0.5), np.log(30)))), rng)
    elif kind == "noise, jpeg":
        result = jpeg(noisy(base, rng.uniform(1, 9), rng))
    elif "jpeg" in kind:
        result = saved(base, jpeg, rng)
    return result, base


def targets(result: Pixels, base: Pixels, small: Pixels) -> list[float]:
    """What is to be told of a crop: the error in luma first."""
    planes = [p.astype(np.float32) @ COLOURS.T for p in (result, base, small)]
    fine = [cv2.filter2D(p, -1, FILTERS[0]) for p in planes]
    strength = [float(np.sqrt(np.square(f[..., 0]).mean())) for f in fine[1:]]
    errors = (
        (planes[0] - planes[1])[..., 0],
        (fine[0] - fine[1])[..., 0],
        (planes[0] - planes[1])[..., 1:],
    )
    return [
        *(float(np.log(np.sqrt(np.square(e).mean()) + OFFSET)) for e in errors),
        float(np.log((strength[1] + 0.2) / (strength[0] + 0.2))),
        float(np.log(strength[0] + 0.2)),
    ]


def crop_of(picture: Pixels, rng: np.random.Generator) -> tuple[Pixels, list[float]]:
    """One damaged crop and what is to be told of it."""
    side = SIDE + 2 * MARGIN
    factor = min(float(rng.choice([1, 1.5, 2, 2, 3, 4, 4])), min(picture.shape[:2]) / side)
    whole = int(side * factor)
    top, left = (int(rng.integers(n - whole + 1)) for n in picture.shape[:2])
    large = Image.fromarray(picture[top : top + whole, left : left + whole])
    if rng.random() < 0.06:
        large = large.convert("L").convert("RGB")
    small = large.resize((side, side), RESAMPLING[rng.integers(4)])
    result, base = damaged(large, small, rng)
    inner = (MARGIN, MARGIN, MARGIN + SIDE, MARGIN + SIDE)
    pixels = [np.asarray(p.crop(inner)) for p in (result, base, small)]
    return pixels[0], targets(*pixels)


def crops(folders: list[Path], count: int) -> tuple[NDArray[np.uint8], torch.Tensor]:
    """As many crops, in turn of every picture."""
    rng = np.random.default_rng(1)
    paths = sorted(p for folder in folders for p in folder.iterdir() if p.is_file())
    rng.shuffle(paths)  # type: ignore[arg-type]
    each = -(-count // len(paths))
    made = []
    for path in paths:
        picture = to_rgb(read_image(path).pixels)
        if picture.dtype == np.uint8 and min(picture.shape[:2]) >= SIDE + 2 * MARGIN:
            made += [crop_of(picture, rng) for _ in range(each)]
    rng.shuffle(made)  # type: ignore[arg-type]
    return np.stack([pixels for pixels, _ in made]), torch.tensor([told for _, told in made])


def residuals(pixels: NDArray[np.uint8]) -> torch.Tensor:
    """(N, H, W, 3) as the network takes them; as `swinsr.metrics.traces` does it."""
    planes = torch.from_numpy(pixels.astype(np.float32) @ COLOURS.T).permute(0, 3, 1, 2)
    count, channels, height, width = planes.shape
    filters = torch.from_numpy(FILTERS)[:, None]
    found = F.conv2d(planes.reshape(-1, 1, height, width), filters)
    found = found.reshape(count, channels * len(FILTERS), height - 2, width - 2)
    return torch.copysign(found.abs().log1p(), found)


class Traces(nn.Module):
    """Five convolutions, the mean and quartiles of their results, two layers."""

    def __init__(self) -> None:
        """At random."""
        super().__init__()
        layers: list[nn.Module] = []
        before = len(COLOURS) * len(FILTERS)
        for after, stride in zip(CHANNELS, STRIDES, strict=True):
            convolution = nn.Conv2d(before, after, 3, stride, bias=False)
            layers += [convolution, nn.BatchNorm2d(after), nn.ReLU()]
            before = after
        self.body = nn.Sequential(*layers)
        self.head = nn.Sequential(nn.Linear(3 * before, 48), nn.ReLU(), nn.Linear(48, TARGETS))

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """(N, 9, H, W) to (N, TARGETS)."""
        found = self.body(planes).flatten(2).sort(dim=2).values
        count = found.shape[2]
        pooled = (found.mean(2), found[:, :, count // 4], found[:, :, 3 * count // 4])
        told: torch.Tensor = self.head(torch.cat(pooled, 1))
        return told


def turned(pixels: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A batch in one of eight ways."""
    pixels = np.rot90(pixels, rng.integers(4), axes=(1, 2))
    return np.ascontiguousarray(pixels[:, ::-1] if rng.random() < 0.5 else pixels)


def train(pixels: NDArray[np.uint8], wanted: torch.Tensor, steps: int) -> Traces:
    """Train, and print how far off the crops are that were held back."""
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    network = Traces()
    spread = wanted.std(0)
    optimizer = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=1e-4)
    warm = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda n: min((n + 1) / 100, 2 * (steps - n) / steps, 1.0)
    )
    start = time.monotonic()
    for step in range(1, steps + 1):
        chosen = rng.integers(HELD_BACK, len(pixels), BATCH)
        told = network(residuals(turned(pixels[chosen], rng)))
        loss = F.smooth_l1_loss(told / spread, wanted[chosen] / spread, beta=0.5)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        warm.step()
        if step % 250 == 0 or step == steps:
            network.eval()
            with torch.no_grad():
                parts = [network(residuals(p)) for p in np.split(pixels[:HELD_BACK], 12)]
            network.train()
            off = ((torch.cat(parts) - wanted[:HELD_BACK]) / spread).abs().mean(0)
            told_off = " ".join(f"{value:.3f}" for value in off)
            print(f"step {step}, {time.monotonic() - start:.0f} s: off by {told_off}", flush=True)
    return network.eval()


def kept(network: Traces) -> dict[str, torch.Tensor]:
    """What is used of it: normalisation within the convolutions, the first target alone."""
    stored = {}
    layers = list(network.body)
    for number, (convolution, norm) in enumerate(zip(layers[::3], layers[1::3], strict=True)):
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        stored[f"body.{number}.weight"] = convolution.weight * scale[:, None, None, None]
        stored[f"body.{number}.bias"] = norm.bias - norm.running_mean * scale
    hidden, _, out = network.head
    stored |= {"head.0.weight": hidden.weight, "head.0.bias": hidden.bias}
    stored |= {"head.1.weight": out.weight[:1], "head.1.bias": out.bias[:1]}
    return {name: value.detach().half().contiguous() for name, value in stored.items()}


def main() -> None:
    """Train and store."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--crops", type=int, default=12_000)
    parser.add_argument("--steps", type=int, default=5000)
    parser.add_argument("-o", "--output", type=Path, default=WEIGHTS)
    options = parser.parse_args()
    torch.set_num_threads(1)
    pixels, wanted = crops(options.folders, options.crops)
    print(f"{len(pixels)} crops", flush=True)
    save_file(kept(train(pixels, wanted, options.steps)), options.output)


if __name__ == "__main__":
    main()
