"""Tiny datasets from pictures that scikit-image ships, and a tiny network."""

from pathlib import Path

import numpy as np
import pytest
import torch
from skimage import data

from swinsr.checkpoints.save import save
from swinsr.degradations import imresize
from swinsr.image import Image, write_image
from swinsr.models import RestorationConfig, SwinIRConfig, build

TINY = {"embed_dim": 8, "depths": (2,), "num_heads": (2,), "window_size": 4}


def write(path: Path, pixels: np.ndarray) -> Path:
    """A picture file with its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_image(path, Image(pixels if pixels.ndim == 3 else pixels[..., None]), overwrite=True)
    return path


def pictures() -> dict[str, np.ndarray]:
    """Three crops; their sizes are multiples of 2 and 3 but not all of 4."""
    astronaut, cat = data.astronaut(), data.chelsea()
    return {
        "astronaut": astronaut[100:148, 180:240],
        "cat": cat[60:102, 100:148],
        "rocket": astronaut[300:336, 350:386],
    }


def save_network(path: Path, config: RestorationConfig, seed: int = 0) -> Path:
    """A network with random weights as a file."""
    torch.manual_seed(seed)
    task = "classical_sr" if config.upscale > 1 else "gray_denoise"
    save(build(config), path, task=task)
    return path


@pytest.fixture
def hr_set(tmp_path: Path) -> Path:
    """A dataset with the truth alone."""
    for name, pixels in pictures().items():
        write(tmp_path / "tiny" / f"{name}.png", pixels)
    return tmp_path / "tiny"


@pytest.fixture
def paired_set(tmp_path: Path) -> Path:
    """A dataset with low-resolution pictures for x2 in the usual layout."""
    root = tmp_path / "paired"
    for name, pixels in pictures().items():
        write(root / "HR" / f"{name}.png", pixels)
        write(root / "LR_bicubic" / "X2" / f"{name}x2.png", imresize(pixels, scale=1 / 2))
    return root


@pytest.fixture
def tiny_x2(tmp_path: Path) -> Path:
    """A network that enlarges by 2."""
    config = SwinIRConfig(upscale=2, upsampler="pixelshuffledirect", **TINY)
    return save_network(tmp_path / "tiny_x2.safetensors", config)


@pytest.fixture
def tiny_gray(tmp_path: Path) -> Path:
    """A network that restores gray pictures at their size."""
    return save_network(
        tmp_path / "tiny_gray.safetensors", SwinIRConfig(upscale=1, in_chans=1, **TINY)
    )
