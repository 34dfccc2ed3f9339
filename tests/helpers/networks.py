"""Networks of a block, where what is measured is around them."""

from pathlib import Path

import torch

from swinsr.checkpoints import save
from swinsr.models import from_published


def tiny_file(folder: Path, upscale: int = 2) -> Path:
    """A file of random weights in the folder."""
    torch.manual_seed(0)
    config = {
        "upscale": upscale,
        "img_size": 16,
        "window_size": 8,
        "depths": [1],
        "num_heads": [1],
        "embed_dim": 8,
        "upsampler": "pixelshuffledirect",
    }
    network = from_published("swinir", config)
    return save(network, folder / "tiny.safetensors", task="classical_sr")
