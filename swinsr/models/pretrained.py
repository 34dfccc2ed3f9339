"""How a network class offers `from_pretrained` although finding and reading files lies above it.

The import is by name and happens at the call: docs/decisions/0006-from-pretrained.md.
"""

import importlib
from os import PathLike
from typing import TypeVar

from torch import nn

Network = TypeVar("Network", bound=nn.Module)

LOADER = "swinsr.zoo.networks"


def load_pretrained(model: str | PathLike[str], kind: type[Network]) -> Network:
    """A network of this class from a name, file, folder or Hub id; see `swinsr.zoo.networks`.

    Raises:
        ModelNotFoundError: nothing of that name.
        CheckpointError: the weights are not those of such a network.
    """
    network: Network = importlib.import_module(LOADER).load_network(model, kind)
    return network
