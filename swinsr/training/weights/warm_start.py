"""Starting from another network's weights, where names and shapes fit."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from swinsr.checkpoints import load
from swinsr.checkpoints.classifier import load_classifier
from swinsr.errors import WeightsMismatchError
from swinsr.models.simmim import Encoder

PRETRAINING = "simmim"  # as files of such weights name their task


@dataclass(frozen=True)
class WarmStart:
    """Names of the tensors that were taken, and of the network's others."""

    taken: tuple[str, ...]
    left: tuple[str, ...]

    def __str__(self) -> str:
        """One line for the log."""
        others = f"; not in it or of another shape: {', '.join(self.left)}" if self.left else ""
        return f"took {len(self.taken)} of {len(self.taken) + len(self.left)} tensors{others}"


@dataclass(frozen=True)
class Weights:
    """Tensors of a file by the published names, without those that were never trained.

    `pretrained` is whether masked images trained them, which gives a body but no pictures.
    """

    path: Path
    tensors: dict[str, Tensor]
    pretrained: bool = False


def read_weights(path: Path, *, hierarchical: bool = False) -> Weights:
    """Read a file.

    Args:
        path: anything that `swinsr.checkpoints.load` reads, or `load_classifier`.
        hierarchical: whether it holds a hierarchical network.

    Raises:
        CheckpointError: the file cannot be read.
    """
    if hierarchical:
        return Weights(path, load_classifier(path).network.state_dict(), pretrained=True)
    loaded = load(path)
    tensors = loaded.network.state_dict()
    pretrained = loaded.metadata.get("task") == PRETRAINING
    if pretrained:
        for name, _ in loaded.network.head.named_parameters():
            del tensors[name]
    return Weights(path, tensors, pretrained)


def take_weights(network: Encoder, weights: Weights) -> WarmStart:
    """Copy every tensor that the network has by the same name and shape.

    Args:
        network: what to copy into.
        weights: what to copy.

    Returns:
        What was taken and what not.

    Raises:
        WeightsMismatchError: nothing in it fits.
    """
    taken, left = [], []
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            tensor = weights.tensors.get(name)
            if tensor is not None and tensor.shape == parameter.shape:
                parameter.copy_(tensor)
                taken.append(name)
            else:
                left.append(name)
    if not taken:
        raise WeightsMismatchError(f"{weights.path}: no tensor fits the recipe's network")
    return WarmStart(tuple(taken), tuple(left))
