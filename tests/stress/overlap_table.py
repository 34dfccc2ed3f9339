"""How far blended tiles are from the exact result, by overlap: the table and the pictures.

python -m tests.stress.overlap_table [--pictures docs/images]

Exits with 1 where the default overlap is not within one grey level in 99.99% of the pixels.
"""

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image as PilImage
from PIL import ImageDraw
from skimage import data

from swinsr import Upscaler
from swinsr.image import to_depth
from swinsr.inference.engine import NetworkEngine
from swinsr.inference.tiles import DEFAULT_OVERLAP
from swinsr.runtime.progress import silent
from swinsr.tiling import tiled

MODELS = ("swinsr-light-x2", "swinsr-denoise", "swinsr-light-x4")
OVERLAPS = (0, 8, 16, 24, 32, 48, 64)
STEP = 64  # input pixels from tile to tile: small, so that there are many seams to look at
SHARE = 1e-4


def sky(height: int, width: int) -> Any:
    """A flat sky: a slow gradient, a little grain, a soft cloud; every seam would show."""
    rng = np.random.default_rng(3)
    y, x = np.mgrid[:height, :width]
    base = np.stack([120 + 0.20 * y, 165 + 0.14 * y, 225 + 0.05 * y], axis=2)
    cloud = 25 * np.exp(-(((y - height / 2) / 40.0) ** 2 + ((x - width / 2) / 80.0) ** 2))
    return np.clip(base + cloud[..., None] + rng.normal(0, 0.6, base.shape), 0, 255).astype(
        np.uint8
    )


def pictures() -> dict[str, Any]:
    """What is looked at: (H, W, 3) uint8."""
    grass = np.repeat(data.grass()[:256, :320, None], 3, axis=2)
    return {
        "astronaut": data.astronaut()[:256, 100:420],
        "cat": data.chelsea()[:256, 60:380],
        "grass": grass,
        "sky": sky(256, 320),
    }


def levels(planes: Any) -> Any:
    """As the file has them."""
    return to_depth(np.ascontiguousarray(planes), np.uint8).astype(int)


def run(engine: NetworkEngine, picture: Any, overlap: int) -> Any:
    """In tiles; a plan like the program's, of smaller tiles."""
    plan = engine.plan(*picture.shape[:2], STEP + overlap, overlap)
    return tiled(
        lambda tile: engine.run(np.ascontiguousarray(tile), silent),
        picture,
        plan,
        scale=engine.network.config.upscale,
    )


def show(difference: Any, scale: int) -> PilImage.Image:
    """A difference in levels, 0 black, 1 or more white, at a quarter of what is written."""
    worst = difference.max(axis=2)
    step = max(scale // 2, 1)
    height, width = (side // step * step for side in worst.shape)
    pooled = worst[:height, :width].reshape(height // step, step, width // step, step)
    return PilImage.fromarray(np.minimum(pooled.max(axis=(1, 3)) * 85, 255).astype(np.uint8))


def main() -> int:
    """Print the table; 0 if the default overlap is good enough."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", type=Path, help="folder for the pictures of the guide")
    parser.add_argument("--models", default=",".join(MODELS))
    options = parser.parse_args()
    failed = False
    print("| model | overlap | largest difference | pixels beyond 1 level | pixels changed |")
    print("|---|---|---|---|---|")
    for name in options.models.split(","):
        made = Upscaler.from_pretrained(name, device="cpu", precision="float32", mode="exact")
        engine = made.engine
        assert isinstance(engine, NetworkEngine)
        inputs = {key: value.astype(np.float32) / 255 for key, value in pictures().items()}
        exact = {key: engine.run(value, silent) for key, value in inputs.items()}
        shown: dict[int, PilImage.Image] = {}
        for overlap in OVERLAPS:
            near = {key: run(engine, value, overlap) for key, value in inputs.items()}
            float_worst = max(float(np.abs(near[k] - exact[k]).max()) * 255 for k in inputs)
            gaps = {k: np.abs(levels(near[k]) - levels(exact[k])).max(axis=2) for k in inputs}
            every = np.concatenate([gap.ravel() for gap in gaps.values()])
            beyond, changed = float((every > 1).mean()), float((every > 0).mean())
            print(
                f"| {name} | {overlap} | {float_worst:.3f} levels | {beyond:.4%} | {changed:.3%} |",
                flush=True,
            )
            failed |= overlap == DEFAULT_OVERLAP and beyond > SHARE
            scale = engine.network.config.upscale
            gap = np.abs(levels(near["astronaut"]) - levels(exact["astronaut"]))
            shown[overlap] = show(gap, scale)
            if overlap == DEFAULT_OVERLAP and options.pictures and name == MODELS[-1]:
                for key in ("sky", "grass"):
                    seam = np.concatenate([crop(exact[key], scale), crop(near[key], scale)], 1)
                    file = options.pictures / f"overlap_{key}.png"
                    PilImage.fromarray(levels(seam).astype(np.uint8)).save(file)
        if options.pictures and name == MODELS[-1]:
            sheet(shown, options.pictures / "overlap_difference.png")
    if failed:
        print(f"the default overlap of {DEFAULT_OVERLAP} is not within a level in 99.99%")
    return int(failed)


def crop(planes: Any, scale: int) -> Any:
    """Around a corner where four tiles meet, 150 input pixels wide."""
    return planes[30 * scale : 130 * scale, 30 * scale : 150 * scale]


def sheet(shown: dict[int, PilImage.Image], path: Path) -> None:
    """The differences beside each other, each under its overlap."""
    chosen = [shown[overlap] for overlap in (0, 8, 16, DEFAULT_OVERLAP)]
    small = [picture.resize((320, 256)) for picture in chosen]
    page = PilImage.new("L", (2 * 328, 2 * 276), 255)
    for number, (overlap, picture) in enumerate(
        zip((0, 8, 16, DEFAULT_OVERLAP), small, strict=True)
    ):
        left, top = (number % 2) * 328 + 4, (number // 2) * 276 + 18
        page.paste(picture, (left, top))
        ImageDraw.Draw(page).text((left, top - 14), f"overlap {overlap}", fill=0)
    page.save(path, optimize=True)


if __name__ == "__main__":
    sys.exit(main())
