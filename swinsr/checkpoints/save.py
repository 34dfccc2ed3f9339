"""Write a network to a safetensors file that alone is enough to run it."""

import os
import secrets
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from swinsr.checkpoints.layouts.official import official_buffers
from swinsr.checkpoints.metadata import RESERVED, config_to_metadata
from swinsr.errors import CheckpointError, ConfigError, WeightsMismatchError
from swinsr.models import RestorationNetwork


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
    write_safetensors(tensors, path, metadata)
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


def write_safetensors(
    tensors: Mapping[str, Tensor], path: Path, metadata: Mapping[str, str]
) -> None:
    """Write a file beside its place, then move it there.

    Raises:
        CheckpointError: folder missing, no permission, no space.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        save_file(dict(tensors), str(temporary), {"format": "pt", **metadata})
        os.replace(temporary, path)  # noqa: PTH105 (atomic on every system)
    except (OSError, SafetensorError) as error:
        raise CheckpointError(f"{path} cannot be written: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)
