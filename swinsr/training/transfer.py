"""Starting from another network's weights, where names and shapes fit."""

from dataclasses import dataclass
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from swinsr.errors import CheckpointReadError, WeightsMismatchError


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
    """Copy every tensor of the file that the network has by the same name and shape.

    Raises:
        CheckpointReadError: the file is missing or no safetensors file.
        WeightsMismatchError: nothing in it fits.
    """
    try:
        found = load_file(path)
    except (OSError, SafetensorError) as error:
        raise CheckpointReadError(f"{path}: cannot be read as safetensors ({error}).") from error
    taken, left = [], []
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            # A training state holds its average under this prefix.
            tensor = found.get(name, found.get(f"average/{name}"))
            if tensor is not None and tensor.shape == parameter.shape:
                parameter.copy_(tensor)
                taken.append(name)
            else:
                left.append(name)
    if not taken:
        raise WeightsMismatchError(f"{path}: no tensor fits the recipe's network.")
    return Transfer(tuple(taken), tuple(left))
