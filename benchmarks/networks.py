"""The networks that are measured: published configurations on rebuildable random weights."""

import functools
from collections.abc import Mapping
from typing import Any

import torch

from swinsr.checkpoints import load
from swinsr.models import RestorationNetwork, from_published
from swinsr.models.count import count
from swinsr.zoo import default_model, find_weights

_M = {
    "img_size": 64,
    "window_size": 8,
    "depths": [6] * 6,
    "embed_dim": 180,
    "num_heads": [6] * 6,
    "mlp_ratio": 2,
    "upscale": 4,
    "upsampler": "pixelshuffle",
}
_S = _M | {
    "depths": [6] * 4,
    "embed_dim": 60,
    "num_heads": [6] * 4,
    "upsampler": "pixelshuffledirect",
}
PUBLISHED: dict[str, tuple[str, Mapping[str, Any]]] = {
    "swinir-m-x4": ("swinir", _M),
    "swinir-s-x4": ("swinir", _S),
    "swin2sr-m-x4": ("swin2sr", _M),
}
NAMES = (*PUBLISHED, "default")
# A second of following the network through, for each.
cost_of = functools.cache(count)


def network(name: str) -> RestorationNetwork:
    """A network by name; "default" is the bundled one for x4, with its trained weights.

    Random weights are drawn so that every part matters: biases and norms too.
    """
    if name == "default":
        return load(find_weights(default_model(4.0).name)).network
    built = from_published(*PUBLISHED[name])
    generator = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for parameter in built.parameters():
            noise = torch.randn(parameter.shape, generator=generator)
            spread = 0.02 if parameter.ndim < 2 else 0.5 / parameter[0].numel() ** 0.5
            parameter.add_(noise * spread)
    return built
