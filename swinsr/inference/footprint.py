"""How much memory a network takes for a picture, before it is run.

    bytes = maps * (pixels * C * 4) + pictures * (pixels * scale^2 * channels * 4)
          + strips * (widest strip of the head) + folds * (widest strip of the body) + constant

The five coefficients were measured for every way of running a network and fitted, then raised
until no measurement lay above the model: `python -m tests.stress.fit_memory` does both.
"""

import dataclasses
import math

import torch

from swinsr.inference.prepare import HEAD_HALO, PreparedNetwork
from swinsr.inference.strips import rows_per_strip
from swinsr.inference.windows import CHUNK_TOKENS_ON_GPU
from swinsr.models.config import RestorationConfig
from swinsr.nn.heads import HEAD_CHANNELS


@dataclasses.dataclass(frozen=True)
class Terms:
    """Bytes that a picture's size stands for; the coefficients' counterparts."""

    maps: float
    pictures: float
    strips: float
    folds: float
    constant: float = 1.0

    @classmethod
    def of(cls, config: RestorationConfig, height: int, width: int, device: str = "cpu") -> "Terms":
        """For a picture of `height` x `width`, padded to whole windows, on a kind of device."""
        window = config.window_size
        height, width = (math.ceil(side / window) * window for side in (height, width))
        squared = config.upscale**2
        inside = HEAD_CHANNELS * squared
        # The rows of a strip are those of the widest head; light ones and restoration are narrow.
        values = {"": 0, "pixelshuffledirect": squared * config.in_chans}
        widest = config.embed_dim + values.get(config.upsampler, inside)
        folds = width * _rows(height, width, config.embed_dim, 1, device)
        if device != "cpu":
            folds = max(folds, min(height * width, CHUNK_TOKENS_ON_GPU))
        return cls(
            4.0 * height * width * config.embed_dim,
            4.0 * height * width * squared * config.in_chans,
            4.0 * width * widest * _rows(height, width, inside, HEAD_HALO, device),
            4.0 * config.embed_dim * folds,
        )


# Coefficients by how the blocks run and in what they multiply. On a processor no measurement above
# 50 MB lies above the model or below a quarter of it. The rows for GPUs are those of the modules
# and a third: what is wrong there shows as a failed allocation, and smaller tiles.
TABLE = {
    "native float32": Terms(4.4, 2.3, 4.8, 0.8, 4.3e7),
    "native 16 bits": Terms(6.4, 1.7, 2.5, 2.1, 1.6e7),
    "modules float32": Terms(5.4, 2.7, 3.9, 4.2, 2.5e7),
    "modules 16 bits": Terms(7.6, 2.3, 3.2, 1.0, 4.8e7),
    "cuda float32": Terms(7.2, 3.6, 5.2, 5.6, 3.3e7),
    "cuda 16 bits": Terms(10.2, 3.1, 4.3, 1.4, 6.4e7),
}


def way_of(network: PreparedNetwork) -> str:
    """The row of the table that a network belongs to."""
    device = network.network.mean.device.type
    blocks = device if device == "cuda" else "native" if network.native else "modules"
    return f"{blocks} {'float32' if network.dtype == torch.float32 else '16 bits'}"


def footprint(network: PreparedNetwork, height: int, width: int) -> int:
    """Bytes that a network takes for a picture, from the array given to the array returned.

    Args:
        network: ready to run.
        height: of its input.
        width: likewise.
    """
    device = network.network.mean.device.type
    sizes = dataclasses.astuple(Terms.of(network.config, height, width, device))
    shares = dataclasses.astuple(TABLE[way_of(network)])
    return int(sum(size * share for size, share in zip(sizes, shares, strict=True)))


def _rows(height: int, width: int, channels: int, halo: int, device: str) -> int:
    return min(rows_per_strip(width, channels, halo, device) + 2 * halo, height)
