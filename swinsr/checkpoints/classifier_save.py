"""Write classifiers: one safetensors file in Microsoft's or timm's names, or a Hugging Face folder.

A file carries its configuration and is enough by itself.
"""

import json
from collections.abc import Mapping, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save as serialised
from torch import Tensor

from swinsr.checkpoints.layouts.huggingface_swin import swin_to_huggingface
from swinsr.checkpoints.layouts.huggingface_swin_config import (
    classifier_config_to_huggingface,
    windows_divide,
)
from swinsr.checkpoints.layouts.microsoft import published_buffers
from swinsr.checkpoints.layouts.timm_swin import swin_to_timm
from swinsr.checkpoints.save import write_file
from swinsr.errors import CheckpointError, ConfigError, WeightsMismatchError
from swinsr.models import HierarchicalConfig, SwinTransformer
from swinsr.models.imagenet import IMAGENET_MEAN, IMAGENET_STD

IMAGENET = {"image_mean": list(IMAGENET_MEAN), "image_std": list(IMAGENET_STD)}


def save_classifier(
    network: SwinTransformer,
    path: str | PathLike[str],
    *,
    layout: str = "microsoft",
    keep_buffers: bool = False,
    labels: Sequence[str] = (),
    processor: Mapping[str, Any] | None = None,
    provenance: Mapping[str, str] | None = None,
) -> Path:
    """Write a classifier, each file atomically.

    Args:
        network: what to save.
        path: a .safetensors file for "microsoft" and "timm", a folder for "huggingface".
        layout: "microsoft" (the published names, with the configuration as metadata), "timm", or
            "huggingface" (config.json, model.safetensors and preprocessor_config.json).
        keep_buffers: in Microsoft's layout, add the published buffers for tools that load a
            state_dict strictly.
        labels: the classes' names, for Hugging Face's config.json.
        processor: the content of preprocessor_config.json; the published one by default.
        provenance: in Microsoft's layout, further texts such as "data" and "training".

    Returns:
        The path written.

    Raises:
        ConfigError: an unknown layout, another suffix, or a network that the layout's program
            cannot build.
        WeightsMismatchError: nan or infinity.
        CheckpointError: a file could not be written.
    """
    path = Path(path)
    if layout == "huggingface":
        return _save_folder(network, path, labels, processor)
    if layout not in ("microsoft", "timm"):
        raise ConfigError(f"unknown layout {layout!r}; choose from microsoft, timm, huggingface")
    if path.suffix != ".safetensors":
        raise ConfigError(f"weights are saved as .safetensors, not as {path.name}")
    tensors, config = _tensors(network), network.config
    metadata = {"format": "pt", "family": config.family, "config": json.dumps(config.to_dict())}
    if layout == "timm":
        check_timm(config)
        tensors = swin_to_timm(tensors)
    else:
        metadata = {**(provenance or {}), **metadata}
        if keep_buffers:
            tensors |= published_buffers(network)
    write_file(path, serialised(tensors, metadata))
    return path


def check_timm(config: HierarchicalConfig) -> None:
    """Refuse what timm's classes cannot be built like.

    Raises:
        ConfigError: such a setting.
    """
    refused = {
        "patch_norm": not config.patch_norm,
        "ape": config.ape,
        "qk_scale": getattr(config, "qk_scale", None) is not None,
        # timm shifts before it pads; without padding there is no difference.
        "roll_first": not config.roll_first and not windows_divide(config),
    }
    for name, is_refused in refused.items():
        if is_refused:
            raise ConfigError(
                f"timm's Swin cannot be built with {name} {getattr(config, name)!r}; save in the "
                "layout 'microsoft' instead"
            )


def _save_folder(
    network: SwinTransformer,
    folder: Path,
    labels: Sequence[str],
    processor: Mapping[str, Any] | None,
) -> Path:
    config = network.config
    settings = classifier_config_to_huggingface(config, labels)
    tensors = swin_to_huggingface(_tensors(network), config.family)
    if not config.num_classes:
        raise ConfigError("Hugging Face's classifier needs num_classes of at least 1")
    if processor is None:
        processor = {
            "image_processor_type": "ViTImageProcessor",
            "do_resize": True,
            "size": {"height": config.img_size, "width": config.img_size},
            "resample": 3,
            "do_rescale": True,
            "rescale_factor": 1 / 255,
            "do_normalize": True,
            **IMAGENET,
        }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckpointError(f"{folder} cannot be made: {error.strerror or error}") from error
    write_file(folder / "model.safetensors", serialised(tensors, {"format": "pt"}))
    for name, content in (("config.json", settings), ("preprocessor_config.json", dict(processor))):
        write_file(folder / name, json.dumps(content, indent=2).encode() + b"\n")
    return folder


def _tensors(network: SwinTransformer) -> dict[str, Tensor]:
    """Contiguous float32 on the CPU, all finite."""
    tensors: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        value = tensor.detach().to("cpu", torch.float32).contiguous()
        if not torch.isfinite(value).all():
            raise WeightsMismatchError(f"the network cannot be saved: {name} holds nan or infinity")
        tensors[name] = value
    return tensors
