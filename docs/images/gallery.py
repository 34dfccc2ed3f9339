"""Make gallery_*.jpg: input, interpolation, the bundled network's result and the truth.

    python docs/images/gallery.py [NAME ...]

One sheet a bundled network, of all or of those that are named, of pictures that scikit-image ships
(astronaut and rocket: NASA, public domain; cat and coffee: CC0), none of which any network was
trained on.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import skimage.data
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from swinsr import Upscaler
from swinsr.degradations import add_gaussian_noise, imresize, jpeg, to_bytes, to_float
from swinsr.metrics import psnr_ssim_y
from swinsr.zoo import bundled_models

Bytes = NDArray[np.uint8]
HERE = Path(__file__).resolve().parent
SIDE = 240  # pixels of the truth that a panel shows
LABEL = 20
# Top left corner of the part of each picture that is shown.
PARTS = {"astronaut": (40, 120), "cat": (60, 110), "coffee": (60, 230), "rocket": (150, 220)}


def damage(name: str, task: str, scale: int) -> Callable[[Bytes], Bytes]:
    """What the network's input suffered, at a fixed strength."""

    def noisy(image: Bytes, sigma: float) -> Bytes:
        return to_bytes(add_gaussian_noise(to_float(image), sigma, np.random.default_rng(0)))

    kinds: dict[str, Callable[[Bytes], Bytes]] = {
        "real_sr": lambda image: jpeg(noisy(imresize(image, scale=1 / scale), 10), 50),
        "color_denoise": lambda image: noisy(image, 25),
        "color_jpeg": lambda image: jpeg(image, 20),
    }
    if name.startswith(("swinsr-photo", "swinsr-sharp")):
        return lambda image: jpeg(imresize(image, scale=1 / scale), 80)
    return kinds.get(task, lambda image: imresize(image, scale=1 / scale))


def sheet(name: str, task: str, scale: int) -> Image.Image:
    """A row for each picture."""
    upscaler = Upscaler.from_pretrained(name)
    rows = []
    for picture, (top, left) in PARTS.items():
        truth = getattr(skimage.data, picture)()[..., :3]
        height, width = (n - n % scale for n in truth.shape[:2])
        truth = np.ascontiguousarray(truth[:height, :width])
        low = damage(name, task, scale)(truth)
        panels = {"input": np.repeat(np.repeat(low, scale, 0), scale, 1)}
        if scale > 1:
            panels["bicubic"] = imresize(low, scale=scale)
        if task == "real_sr":  # what the network for clean pictures makes of it
            clean = f"swinsr-light-x{scale}"
            panels[clean] = Upscaler.from_pretrained(clean)(low)
        panels[name] = upscaler(low)
        panels["truth"] = truth
        row = Image.new("RGB", ((SIDE + 4) * len(panels) - 4, SIDE + LABEL), "white")
        draw = ImageDraw.Draw(row)
        for i, (label, pixels) in enumerate(panels.items()):
            part = pixels[top : top + SIDE, left : left + SIDE]
            row.paste(Image.fromarray(part), (i * (SIDE + 4), LABEL))
            score = (
                "" if label == "truth" else f"  {psnr_ssim_y(pixels, truth, border=0).psnr:.2f} dB"
            )
            draw.text((i * (SIDE + 4) + 2, 3), label + score, fill="black", font_size=13)
        rows.append(row)
    out = Image.new("RGB", (rows[0].width, sum(row.height + 4 for row in rows) - 4), "white")
    for i, row in enumerate(rows):
        out.paste(row, (0, i * (row.height + 4)))
    return out


def main() -> None:
    """Those that are named, or all."""
    for model in bundled_models():
        if sys.argv[1:] and model.name not in sys.argv[1:]:
            continue
        made = sheet(model.name, model.task, model.scale)
        made.save(HERE / f"gallery_{model.name}.jpg", quality=90)


if __name__ == "__main__":
    main()
