"""A deeper network from a trained one that computes the same at first.

    python -m swinsr.training.weights.grow SMALL.safetensors DEEP.safetensors --depths 4 4 4 4

The trained groups are spread over the deeper body; new groups end in a convolution of zeros and
new blocks in projections of zeros, so each adds nothing until it has learned something. A deeper
network so starts at the score of the small one.
"""

import argparse
import dataclasses
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import nn

from swinsr.checkpoints import load, save
from swinsr.errors import ConfigError
from swinsr.models import RestorationNetwork, build


def grow(network: RestorationNetwork, depths: Sequence[int]) -> RestorationNetwork:
    """A network of more groups or more blocks with the same output.

    Args:
        network: SwinIR or Swin2SR with "1conv" groups.
        depths: blocks of each group of the result; as many groups or more, each as deep or deeper.

    Raises:
        ConfigError: fewer or shallower groups, or another kind of group.
    """
    config = network.config
    if config.resi_connection != "1conv":
        raise ConfigError("only networks with '1conv' groups can be grown")
    if len(depths) < len(config.depths):
        raise ConfigError(f"{list(depths)} has fewer groups than {list(config.depths)}")
    # Trained group i becomes group place[i].
    place = [i * len(depths) // len(config.depths) for i in range(len(config.depths))]
    if any(depths[p] < d for p, d in zip(place, config.depths, strict=True)):
        raise ConfigError(f"{list(depths)} has shallower groups than {list(config.depths)}")
    heads = [config.num_heads[0]] * len(depths)
    for p, h in zip(place, config.num_heads, strict=True):
        heads[p] = h
    deep = build(dataclasses.replace(config, depths=tuple(depths), num_heads=tuple(heads)))
    with torch.no_grad():
        for layer in deep.layers:
            _silence(layer, config.family)
        state = deep.state_dict()
        for name, tensor in network.state_dict().items():
            parts = name.split(".")
            if parts[0] == "layers":
                parts[1] = str(place[int(parts[1])])
            state[".".join(parts)].copy_(tensor)
    return deep


def _silence(layer: nn.Module, family: str) -> None:
    """Make a residual group, and every block in it, add nothing.

    Only the last layer of each branch is zeroed: with two zeros in a row neither would ever
    receive a gradient.
    """
    ends = ("attn.proj", "mlp.fc2") if family == "swinir" else ("norm1", "norm2")
    end = "conv" if family == "swinir" else "patch_embed.proj"
    for name, parameter in layer.named_parameters():
        owner = name.rpartition(".")[0]
        if owner.endswith(ends) or owner == end:
            parameter.zero_()


def main(arguments: list[str] | None = None) -> None:
    """Read, grow, write."""
    parser = argparse.ArgumentParser(
        prog="python -m swinsr.training.weights.grow", description="Deepen a trained network."
    )
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--depths", type=int, nargs="+", required=True)
    given = parser.parse_args(arguments)
    loaded = load(given.source)
    deep = grow(loaded.network, given.depths)
    task = loaded.metadata.get("task", "classical_sr")
    save(deep, given.target, task=task, provenance={"grown_from": given.source.name})


if __name__ == "__main__":
    main()
