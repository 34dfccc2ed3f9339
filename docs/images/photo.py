"""Make photo.jpg: JPEGs of quality 80 enlarged by four, as bicubic and two networks have them.

    python docs/images/photo.py

Pictures that scikit-image ships (astronaut: NASA, public domain; coffee: CC0), none of which any
network was trained on: bicubic, swinsr-light-x4, swinsr-photo-x4, the truth.
"""

import io
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image

from swinsr import Upscaler

PARTS = {"astronaut": (40, 140), "coffee": (100, 200)}  # top, left
SIDE, QUALITY = 220, 80


def main() -> None:
    """A row for each picture."""
    upscalers = [Upscaler.from_pretrained(f"swinsr-{name}-x4") for name in ("light", "photo")]
    rows = []
    for name, (top, left) in PARTS.items():
        truth = Image.fromarray(getattr(skimage.data, name)()[:396, :448])
        small = truth.resize((truth.width // 4, truth.height // 4), Image.Resampling.BICUBIC)
        file = io.BytesIO()
        small.save(file, "JPEG", quality=QUALITY)
        with Image.open(file) as opened:
            saved = opened.convert("RGB")
        panels = [saved.resize(truth.size, Image.Resampling.BICUBIC)]
        panels += [upscaler(saved) for upscaler in upscalers]
        box = (left, top, left + SIDE, top + SIDE)
        rows.append(np.concatenate([np.asarray(p.crop(box)) for p in [*panels, truth]], axis=1))
    image = Image.fromarray(np.concatenate(rows, axis=0))
    image.save(Path(__file__).with_name("photo.jpg"), quality=92)


if __name__ == "__main__":
    main()
