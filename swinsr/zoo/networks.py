"""`from_pretrained` of the network classes: a name, a file, a folder or a Hub id to a network."""

from os import PathLike
from typing import TypeVar

from torch import nn

from swinsr.checkpoints import load
from swinsr.checkpoints.classifier import load_classifier
from swinsr.errors import WeightsMismatchError
from swinsr.models import SwinTransformer
from swinsr.zoo.find import find_weights

Network = TypeVar("Network", bound=nn.Module)


def load_network(model: str | PathLike[str], kind: type[Network]) -> Network:
    """Load a network of a class.

    Args:
        model: what `find_weights` takes.
        kind: `SwinIR`, `Swin2SR`, `SwinTransformer`, `SwinTransformerV2`, or a base of theirs.

    Raises:
        ModelNotFoundError: nothing of that name.
        CheckpointError: no readable weights of a network of that class.
    """
    path = find_weights(model)
    classifies = issubclass(kind, SwinTransformer)
    network: nn.Module = load_classifier(path).network if classifies else load(path).network
    # V2 is written as a kind of V1, but their weights are not interchangeable.
    if not isinstance(network, kind) or (classifies and type(network) is not kind):
        raise WeightsMismatchError(
            f"{path} holds a {type(network).__name__}, not a {kind.__name__}; load it with "
            f"{type(network).__name__}.from_pretrained"
        )
    return network
