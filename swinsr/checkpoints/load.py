"""From a weights file or a folder to a network that is ready to run."""

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from pathlib import Path
from textwrap import shorten

import torch
from torch import Tensor

from swinsr.checkpoints.canonical import canonical_names, parameters_only, to_float32
from swinsr.checkpoints.check import check_names, check_size, check_stated
from swinsr.checkpoints.detection.restoration import Detected, detect
from swinsr.checkpoints.layouts.huggingface import is_huggingface, tensors_from_huggingface
from swinsr.checkpoints.layouts.huggingface_config import config_from_huggingface
from swinsr.checkpoints.metadata import config_from_metadata
from swinsr.checkpoints.read import read_json, read_tensors
from swinsr.errors import CheckpointError, CheckpointReadError, ConfigError, WeightsMismatchError
from swinsr.models import RestorationConfig, RestorationNetwork, build

LONGEST = 600  # characters of a message; settings and names in a file may be of any length
HUGGINGFACE_CONFIG = "config.json"
HUGGINGFACE_WEIGHTS = (
    "model.safetensors",
    "model.safetensors.index.json",
    "pytorch_model.bin",
    "pytorch_model.bin.index.json",
)


@dataclasses.dataclass(frozen=True)
class LoadedModel:
    """A network with its weights, and what is known of it.

    Attributes:
        network: in evaluation mode, float32, on the CPU; it no longer depends on the file.
        config: the network's configuration.
        metadata: the texts that the file carries.
        inferred: settings that the file does not tell, each with the value taken and why.
        notes: sentences that a user should see, such as which of several weights were taken.
    """

    network: RestorationNetwork
    config: RestorationConfig
    metadata: dict[str, str]
    inferred: dict[str, str]
    notes: tuple[str, ...] = ()


def load(path: str | PathLike[str], *, strict: bool = True) -> LoadedModel:
    """Load SwinIR or Swin2SR weights.

    Args:
        path: a .safetensors, .pth, .pt, .ckpt or .bin file, the index of one in shards, or a
            Hugging Face folder (config.json beside model.safetensors or pytorch_model.bin).
        strict: whether tensors that the network does not have are an error. Missing and wrongly
            shaped ones always are.

    Raises:
        CheckpointReadError: no readable weights file, or no usable configuration in it.
        UnsafeCheckpointError: a pickle that asks for more than tensors; it was not run.
        UnknownArchitectureError: the weights of another kind of network.
        WeightsMismatchError: missing, surplus, wrongly shaped or non-finite tensors, or a
            configuration beside them that does not fit them.
    """
    file = find_weights(Path(path))
    contents = read_tensors(file)
    notes = list(contents.notes)
    with naming(file):
        tensors = canonical_names(contents.tensors, notes)
        stated = config_from_metadata(contents.metadata)
    origin = "its metadata"
    if is_huggingface(tensors):
        tensors = tensors_from_huggingface(tensors)
        beside = file.with_name(HUGGINGFACE_CONFIG)
        if stated is None and beside.is_file():
            origin = str(beside)
            settings = read_json(beside)
            with naming(beside):
                stated = config_from_huggingface(settings)
    with naming(file):
        if stated is None:
            detected = detect(tensors)
        else:
            check_stated(stated, detect(parameters_only(tensors)), origin)
            detected = Detected(stated, {})
        network = network_from(detected.config, tensors, strict=strict)
    said = tuple(f"{file}: {note}" for note in notes)
    return LoadedModel(network, detected.config, dict(contents.metadata), detected.inferred, said)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Complete an error whose message is the end of a sentence that begins with a file's name."""
    try:
        yield
    except ConfigError as error:
        message = shorten(str(error), LONGEST, placeholder=" ...")
        raise CheckpointReadError(f"{path} has an unusable configuration: {message}") from error
    except CheckpointError as error:
        raise type(error)(f"{path} {shorten(str(error), LONGEST, placeholder=' ...')}") from error


def find_weights(path: Path) -> Path:
    """The weights file in a Hugging Face folder; a path that is no folder is returned as it is.

    Raises:
        CheckpointReadError: the folder holds none.
    """
    if not path.is_dir():
        return path
    for name in HUGGINGFACE_WEIGHTS:
        if (path / name).is_file():
            return path / name
    raise CheckpointReadError(
        f"{path} is a folder without model.safetensors or pytorch_model.bin; give the weights "
        "file itself"
    )


def network_from(
    config: RestorationConfig, tensors: Mapping[str, Tensor], *, strict: bool = True
) -> RestorationNetwork:
    """Build a network and give it these tensors, by published names, as its weights.

    Raises:
        WeightsMismatchError: see `load`; the message is the end of a sentence.
    """
    tensors = parameters_only(tensors)
    check_size(config, tensors)
    try:
        with torch.random.fork_rng(devices=[]):  # the weights built here are all replaced
            network = build(config)
    except ConfigError as error:
        raise WeightsMismatchError(f"describes a network that cannot be built: {error}") from error
    expected = network.state_dict()
    check_names(config, expected, tensors, strict=strict)
    state = to_float32({name: tensors[name] for name in expected})
    network.load_state_dict(state, assign=True)
    return network
