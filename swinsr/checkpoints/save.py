"""Write networks: one safetensors file that alone is enough, or a Hugging Face folder."""

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import torch
from safetensors.torch import save as serialised
from torch import Tensor

from swinsr.checkpoints.layouts.huggingface import tensors_to_huggingface
from swinsr.checkpoints.layouts.huggingface_config import config_to_huggingface
from swinsr.checkpoints.layouts.official import official_buffers
from swinsr.checkpoints.metadata import RESERVED, config_to_metadata
from swinsr.errors import CheckpointError, ConfigError, WeightsMismatchError
from swinsr.models import RestorationNetwork
from swinsr.storage.atomic import write_whole


def save(
    network: RestorationNetwork,
    path: str | PathLike[str],
    *,
    task: str,
    licence: str | None = None,
    provenance: Mapping[str, str] | None = None,
    keep_buffers: bool = False,
    half: bool = False,
) -> Path:
    """Write weights, configuration and origin to one file, atomically.

    Args:
        network: what to save.
        path: the .safetensors file; replaced if it is there.
        task: what the network is for, such as "classical_sr" or "color_jpeg".
        licence: of the weights, as an SPDX name; left out if not given.
        provenance: further texts, such as "data" and "training".
        keep_buffers: add the published buffers, for tools that load a state_dict strictly.
        half: store float16, for half the size; it is read back as float32.

    Returns:
        The path written.

    Raises:
        ConfigError: another suffix, a provenance key that is taken, or buffers that do not exist
            at the network's `img_size`.
        WeightsMismatchError: nan or infinity, or a value beyond float16 where `half` is asked for.
        CheckpointError: the file could not be written.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise ConfigError(f"weights are saved as .safetensors, not as {path.name}")
    metadata = config_to_metadata(network.config) | {"task": task}
    if licence is not None:
        metadata["licence"] = licence
    for key, value in (provenance or {}).items():
        if key in RESERVED:
            raise ConfigError(f"provenance cannot have an entry named {key!r}; it is taken")
        metadata[key] = value
    tensors = to_save(network, half=half)
    if keep_buffers:
        tensors |= official_buffers(network)
    write_file(path, serialised(tensors, {"format": "pt", **metadata}))
    return path


def to_save(network: RestorationNetwork, *, half: bool = False) -> dict[str, Tensor]:
    """A network's weights as contiguous tensors on the CPU, float32 or float16, all finite.

    Raises:
        WeightsMismatchError: a value that is not finite or does not fit float16.
    """
    dtype = torch.float16 if half else torch.float32
    tensors: dict[str, Tensor] = {}
    for name, tensor in network.state_dict().items():
        value = tensor.detach().to("cpu", dtype).contiguous()
        if not torch.isfinite(value).all():
            beyond = torch.isfinite(tensor).all()
            reason = "values beyond float16; save without half" if beyond else "nan or infinity"
            raise WeightsMismatchError(f"the network cannot be saved: {name} holds {reason}")
        tensors[name] = value
    return tensors


def save_huggingface(network: RestorationNetwork, folder: str | PathLike[str]) -> Path:
    """Write a folder that transformers' `Swin2SRForImageSuperResolution` loads.

    Args:
        network: a Swin2SR network that Hugging Face's class can express.
        folder: made if it is not there; its model.safetensors, config.json and
            preprocessor_config.json are replaced.

    Returns:
        The folder.

    Raises:
        ConfigError: Hugging Face's Swin2SR cannot be built like this network.
        WeightsMismatchError: nan or infinity.
        CheckpointError: a file could not be written.
    """
    folder = Path(folder)
    settings = config_to_huggingface(network.config)
    tensors = tensors_to_huggingface(to_save(network), network.config)
    # Without it transformers' processor pads to multiples of 8, whatever the window.
    processor = {
        "image_processor_type": "Swin2SRImageProcessor",
        "do_rescale": True,
        "rescale_factor": 1 / 255,
        "do_pad": True,
        "pad_size": network.config.window_size,
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CheckpointError(f"{folder} cannot be made: {error.strerror or error}") from error
    write_file(folder / "model.safetensors", serialised(tensors, {"format": "pt"}))
    for name, content in (
        ("config.json", settings),
        ("preprocessor_config.json", processor),
    ):
        write_file(folder / name, json.dumps(content, indent=2).encode() + b"\n")
    return folder


def write_file(path: Path, content: bytes) -> None:
    """Write a file beside its place, then move it there; what was there stays until then.

    Raises:
        CheckpointError: folder missing, no permission, no space.
    """
    try:
        write_whole(path, content)
    except OSError as error:
        raise CheckpointError(f"{path} cannot be written: {error.strerror or error}") from error
