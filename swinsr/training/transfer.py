"""Starting from another network's weights, where names and shapes fit."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from swinsr.checkpoints import load
from swinsr.checkpoints.classifier import load_classifier
from swinsr.errors import WeightsMismatchError
from swinsr.models import SwinTransformer
from swinsr.models.simmim import Encoder

PRETRAINING = "simmim"  # as files of such weights name their task


@dataclass(frozen=True)
class Transfer:
    """Names of the tensors that were taken, and of the network's others."""

    taken: tuple[str, ...]
    left: tuple[str, ...]

    def __str__(self) -> str:
        """One line for the log."""
        others = f"; not in it or of another shape: {', '.join(self.left)}" if self.left else ""
        return f"took {len(self.taken)} of {len(self.taken) + len(self.left)} tensors{others}"


def take_weights(network: Encoder, path: Path) -> Transfer:
    """Copy every tensor of a file that the network has by the same name and shape.

    Pre-training by masked images does not train the head, so that of its files the head is left.

    Args:
        network: what to copy into.
        path: anything that `swinsr.checkpoints.load` reads; for a hierarchical network, that
            `load_classifier` reads.

    Returns:
        What was taken and what not.

    Raises:
        CheckpointError: the file cannot be read.
        WeightsMismatchError: nothing in it fits.
    """
    found = _trained_tensors(network, path)
    taken, left = [], []
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            tensor = found.get(name)
            if tensor is not None and tensor.shape == parameter.shape:
                parameter.copy_(tensor)
                taken.append(name)
            else:
                left.append(name)
    if not taken:
        raise WeightsMismatchError(f"{path}: no tensor fits the recipe's network.")
    return Transfer(tuple(taken), tuple(left))


def _trained_tensors(network: Encoder, path: Path) -> dict[str, Tensor]:
    """A file's tensors by the published names, without those that were never trained."""
    if isinstance(network, SwinTransformer):
        return load_classifier(path).network.state_dict()
    loaded = load(path)
    found = loaded.network.state_dict()
    if loaded.metadata.get("task") == PRETRAINING:
        for name, _ in loaded.network.head.named_parameters():
            del found[name]
    return found
