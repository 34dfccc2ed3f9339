"""From a weights file or a folder to a Swin classifier that is ready to run."""

import dataclasses
import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from swinsr.checkpoints.canonical import canonical_names, parameters_only, to_float32
from swinsr.checkpoints.check import check_names
from swinsr.checkpoints.detection.swin import DetectedClassifier, detect_classifier
from swinsr.checkpoints.layouts.huggingface_swin import is_huggingface_swin, swin_from_huggingface
from swinsr.checkpoints.layouts.huggingface_swin_config import (
    CONFIGS,
    classifier_config_from_huggingface,
    labels_from_huggingface,
)
from swinsr.checkpoints.layouts.timm_config import timm_built, timm_processor
from swinsr.checkpoints.layouts.timm_swin import is_timm_swin, swin_from_timm
from swinsr.checkpoints.load import HUGGINGFACE_CONFIG, find_weights, naming
from swinsr.checkpoints.read import read_json, read_tensors
from swinsr.errors import ConfigError, WeightsMismatchError
from swinsr.models import HierarchicalConfig, SwinTransformer, SwinTransformerV2

PROCESSOR = "preprocessor_config.json"
NETWORKS: dict[str, type[SwinTransformer]] = {"swin": SwinTransformer, "swinv2": SwinTransformerV2}


@dataclasses.dataclass(frozen=True)
class LoadedClassifier:
    """A classifier with its weights, and what lies beside them.

    Attributes:
        network: in evaluation mode, float32, on the CPU; it no longer depends on the file.
        labels: the classes' names, in order; empty where they are not known.
        processor: the settings that pictures are prepared with, as transformers writes them; empty
            where none are known.
        layout: "microsoft", "huggingface" or "timm".
        inferred: settings that the files do not tell, each with the value taken and why.
        notes: sentences that a user should see, such as which of several weights were taken.
    """

    network: SwinTransformer
    labels: tuple[str, ...]
    processor: dict[str, Any]
    layout: str
    inferred: dict[str, str]
    notes: tuple[str, ...] = ()

    @property
    def config(self) -> HierarchicalConfig:
        """The network's configuration."""
        return self.network.config


def load_classifier(path: str | PathLike[str]) -> LoadedClassifier:
    """Load a Swin or Swin V2 classifier.

    Args:
        path: a .safetensors, .pth, .pt or .bin file in the layout of Microsoft, timm or Hugging
            Face, or a folder of either hub (config.json beside the weights).

    Raises:
        CheckpointReadError: no readable weights file, or no usable configuration in it.
        UnsafeCheckpointError: a pickle that asks for more than tensors; it was not run.
        UnknownArchitectureError: the weights of another kind of network.
        WeightsMismatchError: missing, surplus, wrongly shaped or non-finite tensors.
    """
    file = find_weights(Path(path))
    contents = read_tensors(file)
    beside = file.with_name(HUGGINGFACE_CONFIG)
    settings = read_json(beside) if beside.is_file() else {}
    labels: tuple[str, ...] = ()
    notes = list(contents.notes)
    with naming(file):
        tensors = canonical_names(contents.tensors, notes)
    layout = "microsoft"
    if is_huggingface_swin(tensors):
        layout, tensors = "huggingface", swin_from_huggingface(tensors)
    elif is_timm_swin(tensors):
        layout, tensors = "timm", swin_from_timm(tensors)
    with naming(file):
        stated = _from_metadata(contents.metadata)
        if stated is None:
            hint = f"{settings.get('architecture', '')} {file.parent.name} {file.stem}"
            detected = detect_classifier(tensors, hint, timm_built(settings))
        else:
            detected = DetectedClassifier(stated, {})
    if layout == "huggingface" and settings.get("model_type") is not None:
        with naming(beside):
            classes = detected.config.num_classes
            config = classifier_config_from_huggingface(settings, classes)
            labels = labels_from_huggingface(settings, classes)
        detected = DetectedClassifier(config, {})
    if layout == "timm" and stated is None:
        config = dataclasses.replace(detected.config, roll_first=True)
        detected = DetectedClassifier(config, detected.inferred)
    if "window_size" in detected.inferred:
        notes.append(f"its window is taken to be {detected.inferred['window_size']}")
    with naming(file):
        network = _network(detected.config, tensors)
    said = tuple(f"{file}: {note}" for note in notes)
    return LoadedClassifier(
        network, labels, _processor(file, settings), layout, dict(detected.inferred), said
    )


def _from_metadata(metadata: Mapping[str, str]) -> HierarchicalConfig | None:
    """The configuration that a file of ours carries."""
    family = metadata.get("family")
    if family not in CONFIGS or "config" not in metadata:
        return None
    try:
        values = json.loads(metadata["config"])
        return CONFIGS[family].from_published(values)
    except (TypeError, ValueError, AttributeError):
        raise ConfigError("the configuration in its metadata is not usable") from None


def _network(config: HierarchicalConfig, tensors: Mapping[str, Tensor]) -> SwinTransformer:
    """Build a network and give it these tensors.

    Raises:
        WeightsMismatchError: they do not fit; the message is the end of a sentence.
    """
    tensors = parameters_only(tensors)
    needed = sum(4 * config.width(i) ** 2 * depth for i, depth in enumerate(config.depths))
    held = sum(tensor.numel() for tensor in tensors.values())
    if needed > 2 * held:  # a damaged file may describe a network of any size
        raise WeightsMismatchError(f"holds {held:,} numbers; its network needs at least {needed:,}")
    with torch.device("meta"):
        expected = NETWORKS[config.family](config).state_dict()
    check_names(config, expected, tensors, strict=True)
    network = NETWORKS[config.family](config).eval()
    network.load_state_dict(to_float32({k: tensors[k] for k in expected}), assign=True)
    return network


def _processor(file: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """How pictures are prepared: transformers' own settings, or timm's said in their words.

    Raises:
        CheckpointReadError: they cannot be read.
    """
    beside = file.with_name(PROCESSOR)
    if beside.is_file():
        return read_json(beside)
    with naming(file.with_name(HUGGINGFACE_CONFIG)):
        return timm_processor(settings)
