"""Starting from another network's weights, where names and shapes fit."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from swinsr.checkpoints import load
from swinsr.errors import WeightsMismatchError


@dataclass(frozen=True)
class Transfer:
    """Names of the tensors that were taken, and of the network's others."""

    taken: tuple[str, ...]
    left: tuple[str, ...]

    def __str__(self) -> str:
        """One line for the log."""
        others = f"; not in it or of another shape: {', '.join(self.left)}" if self.left else ""
        return f"took {len(self.taken)} of {len(self.taken) + len(self.left)} tensors{others}"


def take_weights(network: nn.Module, path: Path) -> Transfer:
    """Copy every tensor of a file that the network has by the same name and shape.

    Args:
        network: what to copy into.
        path: anything that `swinsr.checkpoints.load` reads.

    Returns:
        What was taken and what not.

    Raises:
        CheckpointError: the file cannot be read.
        WeightsMismatchError: nothing in it fits.
    """
    found = load(path).network.state_dict()
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
