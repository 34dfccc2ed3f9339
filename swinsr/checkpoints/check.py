"""Do tensors, a stated configuration and a network fit together?

Messages are the ends of sentences that begin with the file's name.
"""

import dataclasses
from collections.abc import Mapping

from torch import Tensor

from swinsr.checkpoints.detection.restoration import Detected
from swinsr.errors import WeightsMismatchError
from swinsr.models import HierarchicalConfig, RestorationConfig

SHOWN = 3  # names in an error message
PICTURE_CHANNELS = (1, 3)
NAMES = {"swinir": "SwinIR", "swin2sr": "Swin2SR", "swin": "Swin", "swinv2": "Swin V2"}


def check_stated(stated: RestorationConfig, detected: Detected, origin: str) -> None:
    """A configuration that came with the tensors must agree with them.

    Args:
        stated: what `origin` says.
        detected: what the tensors say.
        origin: the file's metadata or a file beside it, for the message.

    Raises:
        WeightsMismatchError: a setting that the tensors tell is another one.
    """
    found = detected.config
    if stated.family != found.family:
        raise WeightsMismatchError(
            f"is inconsistent: {origin} says {stated.family}, its tensors are {found.family}'s"
        )
    for field in dataclasses.fields(found):
        name = field.name
        says, is_ = getattr(stated, name), getattr(found, name)
        if name == "window_size":  # windows are no larger than the training patches
            says = min(says, stated.img_size)
        elif name == "mlp_ratio":
            says, is_ = int(stated.embed_dim * says), int(found.embed_dim * is_)
        if name not in detected.inferred and says != is_:
            raise WeightsMismatchError(
                f"is inconsistent: {origin} says {name} {getattr(stated, name)!r}, its tensors "
                f"have {getattr(found, name)!r}"
            )


def check_size(config: RestorationConfig, tensors: Mapping[str, Tensor]) -> None:
    """Do not build a network that is far larger than the file, which a damaged one may describe.

    Raises:
        WeightsMismatchError: the body alone needs more than twice the numbers that are there.
    """
    dim = config.embed_dim
    needed = config.blocks * (4 * dim**2 + 2 * dim * int(dim * config.mlp_ratio))
    held = sum(tensor.numel() for tensor in tensors.values())
    if needed > 2 * held:
        raise WeightsMismatchError(
            f"holds {held:,} numbers, but {in_words(config)} needs at least {needed:,}"
        )


def unrunnable(config: RestorationConfig) -> str | None:
    """Why pictures cannot be run through a network that was read; None where they can.

    The reason is the end of a sentence that begins with the file's name.
    """
    if config.in_chans in PICTURE_CHANNELS:
        return None
    return (
        f"takes {config.in_chans} channels, and pictures are run as gray (1) or RGB (3), alpha by "
        "itself; use a network of 1 or 3 channels"
    )


def check_names(
    config: RestorationConfig | HierarchicalConfig,
    expected: Mapping[str, Tensor],
    tensors: Mapping[str, Tensor],
    *,
    strict: bool,
) -> None:
    """Every tensor there, with its shape; and no other, if strict.

    Args:
        config: what was built, for the message.
        expected: the network's tensors by name.
        tensors: those at hand.
        strict: whether further tensors are an error.

    Raises:
        WeightsMismatchError: with the first few names of each kind of fault, and the counts.
    """
    missing = [name for name in expected if name not in tensors]
    surplus = [name for name in tensors if name not in expected] if strict else []
    misshapen = [
        f"{name} ({_sides(tensors[name])} where {_sides(tensor)} is expected)"
        for name, tensor in expected.items()
        if name in tensors and tensors[name].shape != tensor.shape
    ]
    faults = [
        f"{len(names)} {what}: {', '.join(names[:SHOWN])}{', ...' if len(names) > SHOWN else ''}"
        for what, names in (
            ("missing", missing),
            ("surplus", surplus),
            ("of the wrong shape", misshapen),
        )
        if names
    ]
    if faults:
        raise WeightsMismatchError(
            f"does not fit {in_words(config)}, which has {len(expected)} tensors: "
            + "; ".join(faults)
        )


def _sides(tensor: Tensor) -> str:
    return "x".join(str(side) for side in tensor.shape) or "scalar"


def in_words(config: RestorationConfig | HierarchicalConfig) -> str:
    """A network in a few words, for messages."""
    name = NAMES[config.family]
    depths = "-".join(str(depth) for depth in config.depths)
    if isinstance(config, HierarchicalConfig):
        return (
            f"{name} ({config.num_classes} classes, {config.embed_dim} channels, depths {depths}, "
            f"window {config.window_size})"
        )
    head = config.upsampler or "no upsampler"
    return (
        f"{name} x{config.scale} ({head}, {config.embed_dim} channels, depths {depths}, "
        f"window {config.window_size})"
    )
