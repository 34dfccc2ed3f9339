"""From a weights file or a folder to a network that is ready to run."""

import dataclasses
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from torch import Tensor

from swinsr.checkpoints.canonical import canonical_names, parameters_only, to_float32
from swinsr.checkpoints.detect import Detected, detect
from swinsr.checkpoints.metadata import config_from_metadata
from swinsr.checkpoints.read import FileTensors, read_tensors
from swinsr.errors import CheckpointError, CheckpointReadError, ConfigError, WeightsMismatchError
from swinsr.models import RestorationConfig, RestorationNetwork, build

SHOWN = 3  # names in an error message


@dataclasses.dataclass(frozen=True)
class LoadedModel:
    """A network with its weights, and what is known of it.

    Attributes:
        network: in evaluation mode, float32, on the CPU; it no longer depends on the file.
        config: the network's configuration.
        metadata: the texts that the file carries.
        inferred: settings that the file does not tell, each with the value taken and why.
    """

    network: RestorationNetwork
    config: RestorationConfig
    metadata: dict[str, str]
    inferred: dict[str, str]


def load(path: str | PathLike[str], *, strict: bool = True) -> LoadedModel:
    """Load SwinIR or Swin2SR weights.

    Args:
        path: a .safetensors, .pth, .pt, .ckpt or .bin file.
        strict: whether tensors that the network does not have are an error. Missing and wrongly
            shaped ones always are.

    Raises:
        CheckpointReadError: no readable weights file.
        UnsafeCheckpointError: a pickle that asks for more than tensors; it was not run.
        UnknownArchitectureError: the weights of another kind of network.
        WeightsMismatchError: missing, surplus, wrongly shaped or non-finite tensors, or a
            configuration in the file that does not fit them.
    """
    path = Path(path)
    contents = read_tensors(path)
    try:
        return _assemble(contents, strict=strict)
    except CheckpointError as error:
        raise type(error)(f"{path} {error}") from error


def _assemble(contents: FileTensors, *, strict: bool) -> LoadedModel:
    """A network from a file's tensors; messages are the ends of sentences."""
    tensors = canonical_names(contents.tensors)
    try:
        stated = config_from_metadata(contents.metadata)
    except ConfigError as error:
        raise CheckpointReadError(f"carries an unusable configuration: {error}") from error
    if stated is None:
        detected = detect(tensors)
    else:
        _check_stated(stated, detect(parameters_only(tensors)))
        detected = Detected(stated, {})
    network = network_from(detected.config, tensors, strict=strict)
    return LoadedModel(network, detected.config, dict(contents.metadata), detected.inferred)


def network_from(
    config: RestorationConfig, tensors: Mapping[str, Tensor], *, strict: bool = True
) -> RestorationNetwork:
    """Build a network and give it these tensors, by published names, as its weights.

    Raises:
        WeightsMismatchError: see `load`; the message is the end of a sentence.
    """
    tensors = parameters_only(tensors)
    _check_size(config, tensors)
    try:
        network = build(config)
    except ConfigError as error:
        raise WeightsMismatchError(f"describes a network that cannot be built: {error}") from error
    expected = network.state_dict()
    _check_names(config, expected, tensors, strict=strict)
    state = to_float32({name: tensors[name] for name in expected})
    network.load_state_dict(state, assign=True)
    return network


def _check_stated(stated: RestorationConfig, detected: Detected) -> None:
    """The configuration in a file must agree with the file's tensors."""
    found = detected.config
    if stated.family != found.family:
        raise WeightsMismatchError(
            f"says {stated.family} in its metadata, but its tensors are {found.family}'s"
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
                f"says {name} {getattr(stated, name)!r} in its metadata, but its tensors are "
                f"those of {name} {getattr(found, name)!r}"
            )


def _check_size(config: RestorationConfig, tensors: Mapping[str, Tensor]) -> None:
    """Do not build a network that is far larger than the file, which a damaged one may describe."""
    dim = config.embed_dim
    needed = config.blocks * (4 * dim**2 + 2 * dim * int(dim * config.mlp_ratio))
    held = sum(tensor.numel() for tensor in tensors.values())
    if needed > 2 * held:
        raise WeightsMismatchError(
            f"holds {held:,} numbers, but {describe(config)} needs at least {needed:,}"
        )


def _check_names(
    config: RestorationConfig,
    expected: Mapping[str, Tensor],
    tensors: Mapping[str, Tensor],
    *,
    strict: bool,
) -> None:
    """Every tensor there, with its shape; and no other, if strict."""
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
            f"does not fit {describe(config)}, which has {len(expected)} tensors: "
            + "; ".join(faults)
        )


def _sides(tensor: Tensor) -> str:
    return "x".join(str(side) for side in tensor.shape) or "scalar"


def describe(config: RestorationConfig) -> str:
    """A network in a few words, for messages."""
    name = {"swinir": "SwinIR", "swin2sr": "Swin2SR"}[config.family]
    head = config.upsampler or "no upsampler"
    depths = "-".join(str(depth) for depth in config.depths)
    return (
        f"{name} x{config.scale} ({head}, {config.embed_dim} channels, depths {depths}, "
        f"window {config.window_size})"
    )
