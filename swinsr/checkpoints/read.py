"""Read a weights file into named tensors. The only module that opens PyTorch files or safetensors.

PyTorch files are read with `weights_only=True` and nothing else, ever: a pickle that asks for more
than tensors and plain containers is refused, and nothing in it is run.
"""

import json
import pickle
import struct
from dataclasses import dataclass, field
from os import PathLike
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from swinsr.checkpoints.canonical import unwrap
from swinsr.checkpoints.content.bounds import TABLE_BYTES, check_claims
from swinsr.checkpoints.content.sniff import (
    READ_PROTOCOLS,
    check_archive,
    kind_of,
    unread_protocol,
    unsafe_globals,
)
from swinsr.errors import CheckpointError, CheckpointReadError, UnsafeCheckpointError

# What torch and safetensors raise on damaged bytes.
DAMAGE = (
    SafetensorError,
    pickle.UnpicklingError,
    struct.error,
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    ImportError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    TypeError,
    ValueError,
)
PLAIN_PICKLE = "torch.storage._load_from_bytes"  # what tensors become without torch.save
SAVE_AGAIN = (
    "load it in the program that wrote it, and save it again with torch.save(state_dict, path), "
    "without pickle_protocol"
)


@dataclass(frozen=True)
class FileTensors:
    """The tensors of a weights file, as stored, and the texts stored beside them.

    Attributes:
        tensors: by the file's names.
        metadata: safetensors' texts.
        notes: ends of sentences that begin with the file's name: what a user should know.
    """

    tensors: dict[str, Tensor]
    metadata: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def read_tensors(path: str | PathLike[str]) -> FileTensors:
    """Read a .safetensors, .pth, .pt, .ckpt or .bin file, or the index of one in shards.

    The content decides and not the suffix. Tensors may share memory with the mapped file.

    Args:
        path: the file.

    Returns:
        Tensors by name, out of any wrapper such as "params_ema", and safetensors' metadata.

    Raises:
        CheckpointReadError: missing, empty, truncated, damaged, or no weights file.
        UnsafeCheckpointError: a pickle that asks for more than tensors; it was not run.
    """
    path = Path(path)
    kind = kind_of(path)
    if kind == "safetensors":
        return _read_safetensors(path)
    if kind == "index":
        return _read_shards(path)
    content, held = _load_pytorch(path, kind)
    notes: list[str] = []
    try:
        tensors = _checked(unwrap(content, notes))
        check_claims(tensors, held)
        return FileTensors(tensors, notes=tuple(notes))
    except CheckpointError as error:
        raise type(error)(f"{path} {error}") from error


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file.

    Raises:
        CheckpointReadError: missing, unreadable, too large, or no JSON object.
    """
    try:
        with path.open("rb") as file:
            text = file.read(TABLE_BYTES + 1)
        if len(text) > TABLE_BYTES:
            raise CheckpointReadError(f"{path} has more than {TABLE_BYTES:,} bytes of settings")
        value = json.loads(text.decode("utf-8"))
    except OSError as error:
        raise CheckpointReadError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointReadError(f"{path} is not valid JSON; download it again") from error
    if not isinstance(value, dict):
        raise CheckpointReadError(f"{path} is JSON but holds no settings by name")
    return value


def _load_pytorch(path: Path, kind: str) -> tuple[object, int]:
    """What torch.save wrote, in the zip or in the older format, and how many bytes hold it."""
    # Mapped, a training checkpoint's optimiser state is never read. Weights are copied later on.
    mapped, held = check_archive(path) if kind == "zip" else (False, path.stat().st_size)
    try:
        if mapped and path.suffix != ".safetensors":  # torch.load goes by this suffix
            loaded = torch.load(str(path), map_location="cpu", weights_only=True, mmap=True)
            return loaded, held
        with path.open("rb") as file:
            return torch.load(file, map_location="cpu", weights_only=True), held
    except DAMAGE as error:
        unsafe = unsafe_globals(path, kind)
        if unsafe:
            names = ", ".join(unsafe[:3]) + (" and others" if len(unsafe) > 3 else "")
            remedy = "use a copy saved as safetensors or as a plain state_dict"
            if PLAIN_PICKLE in unsafe:
                remedy = f"it was written by pickle itself; {SAVE_AGAIN}"
            raise UnsafeCheckpointError(
                f"{path} asks to run {names}, and was not run: only tensors are read from a "
                f"checkpoint; {remedy}"
            ) from None
        protocol = unread_protocol(path, kind)
        if protocol is not None:
            safe = " and ".join(map(str, READ_PROTOCOLS))
            raise CheckpointReadError(
                f"{path} is a PyTorch checkpoint in pickle's protocol {protocol}, and only "
                f"protocols {safe} are read safely; {SAVE_AGAIN}"
            ) from None
        raise CheckpointReadError(
            f"{path} is a truncated or damaged PyTorch checkpoint; download or copy it again"
        ) from error


def _read_safetensors(path: Path) -> FileTensors:
    try:
        with safe_open(str(path), framework="pt", device="cpu") as file:
            metadata = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except DAMAGE as error:
        raise CheckpointReadError(
            f"{path} is a truncated or damaged safetensors file; download or copy it again"
        ) from error
    if not tensors:
        raise CheckpointReadError(f"{path} is a safetensors file without tensors")
    return FileTensors(tensors, metadata)


def _read_shards(path: Path) -> FileTensors:
    """All files that a Hugging Face index names; they lie beside it."""
    names = read_json(path)["weight_map"]
    tensors: dict[str, Tensor] = {}
    metadata: dict[str, str] = {}
    notes: dict[str, None] = {}
    for name in sorted({str(name) for name in names.values()}):
        if Path(name).name != name or kind_of(path.parent / name) == "index":
            raise CheckpointReadError(f"{path} names {name!r}, which is no weights file beside it")
        shard = read_tensors(path.parent / name)
        tensors |= shard.tensors
        metadata |= shard.metadata
        notes |= dict.fromkeys(shard.notes)
    lost = sorted(set(names) - set(tensors))
    if lost:
        raise CheckpointReadError(
            f"{path} names {lost[0]!r} and {len(lost) - 1} more tensors that its files do not "
            "hold; download all of its files again"
        )
    return FileTensors(tensors, metadata, tuple(notes))


def _checked(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Refuse tensors that claim more numbers than the file holds."""
    for name, tensor in tensors.items():
        if tensor.layout != torch.strided or tensor.is_meta:
            raise CheckpointReadError(f"holds {name} in a form that is no plain tensor")
        if tensor.untyped_storage().nbytes() < tensor.numel() * tensor.element_size():
            raise CheckpointReadError(f"holds {name} in a form that claims more than is stored")
    return tensors
