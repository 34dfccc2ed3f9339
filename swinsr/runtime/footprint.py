"""How much memory a network takes for a picture, before it is run.

Where the compiled kernels run all of it, the body holds three feature maps and the head one, the
result and its strips: the larger counts, with a share and a constant for what the libraries keep.
Otherwise

    bytes = maps * (pixels * C * 4) + pictures * (pixels * scale^2 * channels * 4)
          + strips * (widest strip of the head) + folds * (widest strip of the body) + constant

The coefficients were fitted to what was measured for every way of running a network, so that no
measurement lies above the model, and rounded up: `python -m tests.stress.fit_memory`. That of the
modules in float32 had measurements on one thread added, where less is taken.
"""

import dataclasses
import math

import torch

from swinsr.models.config import RestorationConfig
from swinsr.nn.heads import HEAD_CHANNELS, PixelShuffleHFHead
from swinsr.runtime.modules.windows import CHUNK_TOKENS_ON_GPU
from swinsr.runtime.network import Ready
from swinsr.runtime.strips import HEAD_HALO, rows_per_strip


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
    "modules float32": Terms(8.3, 1.0, 3.3, 0.0, 2.7e7),
    "modules 16 bits": Terms(7.6, 2.3, 3.2, 1.0, 4.8e7),
    "cuda float32": Terms(7.2, 3.6, 5.2, 5.6, 3.3e7),
    "cuda 16 bits": Terms(10.2, 3.1, 4.3, 1.4, 6.4e7),
}


# The two numbers of the model for the compiled kernels.
NATIVE_SHARE, NATIVE_CONSTANT = 1.3, 4.0e7


def way_of(network: Ready) -> str:
    """How a network runs: "native", or the row of the table."""
    device = network.network.mean.device.type
    if device == "cpu" and network.head_chain is not None:
        return "native"
    blocks = device if device == "cuda" else "modules"
    return f"{blocks} {'float32' if network.dtype == torch.float32 else '16 bits'}"


def native_bytes(network: Ready, height: int, width: int) -> float:
    """What the arrays of a network take that the compiled kernels run, for a picture."""
    config, chain = network.config, network.head_chain
    assert chain is not None
    window = config.window_size
    height, width = (math.ceil(side / window) * window for side in (height, width))
    feature_map = height * width * config.embed_dim
    picture = height * width * config.upscale**2 * config.in_chans
    two_bodies = isinstance(network.network.head, PixelShuffleHFHead)
    # A position embedding and its sum with the features are maps of their own at the start.
    maps = 3 + two_bodies + 2 * config.ape
    body = maps * feature_map + two_bodies * picture
    head = feature_map + 2 * picture + sum(chain.room_sizes(height, width))
    return 4.0 * max(body, head)


def footprint(network: Ready, height: int, width: int) -> int:
    """Bytes that a network takes for a picture, from the array given to the array returned.

    Args:
        network: ready to run.
        height: of its input.
        width: likewise.
    """
    way = way_of(network)
    if way == "native":
        return int(NATIVE_SHARE * native_bytes(network, height, width) + NATIVE_CONSTANT)
    device = network.network.mean.device.type
    sizes = dataclasses.astuple(Terms.of(network.config, height, width, device))
    shares = dataclasses.astuple(TABLE[way])
    return int(sum(size * share for size, share in zip(sizes, shares, strict=True)))


def _rows(height: int, width: int, channels: int, halo: int, device: str) -> int:
    return min(rows_per_strip(width, channels, halo, device) + 2 * halo, height)
