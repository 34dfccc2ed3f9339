"""The smallest run that has everything: pictures of waves, a network of two blocks."""

import copy
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from swinsr.training import Recipe, recipe_from_table

NETWORK = {
    "family": "swinir",
    "upscale": 2,
    "img_size": 16,
    "window_size": 4,
    "depths": [2],
    "num_heads": [2],
    "embed_dim": 8,
    "upsampler": "pixelshuffledirect",
}


def waves(height: int, width: int, seed: int) -> np.ndarray:
    """(height, width, 3) uint8 with structure of several sizes."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    planes = []
    for _ in range(3):
        a, b, c, d = rng.uniform(0.1, 0.9, 4)
        planes.append(np.sin(a * x + b * y) + np.sin(c * x - d * y) + 0.2 * rng.random(x.shape))
    return ((np.stack(planes, -1) + 2.2) * 57).astype(np.uint8)


def write_pictures(folder: Path, count: int = 3, height: int = 48, width: int = 56) -> Path:
    """Some PNG files."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        Image.fromarray(waves(height, width, number)).save(folder / f"wave{number}.png")
    return folder


def tiny_table(folder: Path, **sections: dict[str, Any]) -> dict[str, Any]:
    """A recipe's table; `sections` change single keys. Pictures are written to `folder`."""
    table: dict[str, Any] = {
        "network": copy.deepcopy(NETWORK),
        "run": {
            "folder": str(folder / "runs"),
            "name": "tiny",
            "steps": 12,
            "precision": "float32",
            "device": "cpu",
            "checkpoint_every": 4,
        },
        "data": {"train": [str(folder / "train")], "patch": 8, "batch": 4, "candidates": 2},
        "optimizer": {"warmup": 3, "ema": 0.9},
        "validation": {"folders": [str(folder / "test")], "every": 6, "picture": False},
        "log": {"every": 4},
    }
    for section, values in sections.items():
        table.setdefault(section, {}).update(values)
    if not (folder / "train").exists():
        write_pictures(folder / "train")
        write_pictures(folder / "test", count=1, height=24, width=20)
    return table


def tiny_recipe(folder: Path, **sections: dict[str, Any]) -> Recipe:
    """The checked recipe; see `tiny_table`."""
    return recipe_from_table(tiny_table(folder, **sections))


def to_toml(table: dict[str, Any]) -> str:
    """Enough of TOML for `tiny_table`."""
    lines = []
    for section, values in table.items():
        lines.append(f"[{section}]")
        for key, value in values.items():
            text = str(value).lower() if isinstance(value, bool) else repr(value)
            lines.append(f"{key} = {text}")
    return "\n".join(lines)
