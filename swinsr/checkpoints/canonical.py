"""From what a file holds to tensors under the published names."""

from collections.abc import Mapping

import torch
from torch import Tensor

from swinsr.checkpoints.owners import by_preference, is_averaged, is_raw, owner_of
from swinsr.errors import CheckpointReadError, WeightsMismatchError
from swinsr.models.restoration import DERIVED_BUFFERS

WORKERS = ("module.", "_orig_mod.")  # of DataParallel and torch.compile
COUNTERS = ("n_averaged",)  # of torch.optim.swa_utils.AveragedModel
# Microsoft's first Swin V2 files; its own loader renames them as well.
OLDER_NAMES = ((".rpe_mlp.", ".cpb_mlp."),)
DEEPEST = 8


def unwrap(content: object, notes: list[str] | None = None) -> dict[str, Tensor]:
    """Find the tensors of a network in what torch.load returned.

    Averaged weights come before raw ones (`swinsr.checkpoints.owners`), then a single nested
    mapping of any name; what is no tensor is dropped.

    Args:
        content: what was loaded.
        notes: gets a sentence where averaged weights were taken and others were there.

    Raises:
        CheckpointReadError: no named tensors inside; the message is the end of a sentence that
            begins with the file's name.
    """
    for _ in range(DEEPEST):
        if not isinstance(content, Mapping):
            break
        places = {str(k): value for k, value in content.items() if _holds_tensors(value)}
        best = by_preference(places)
        if not best:
            tensors = {str(k): v for k, v in content.items() if isinstance(v, Tensor)}
            if tensors:
                return tensors
            nested = [value for value in content.values() if isinstance(value, Mapping)]
            if len(nested) != 1:
                break
            content = nested[0]
            continue
        _note_averaged(best, notes)
        content = places[best[0]]
    raise CheckpointReadError(
        f"holds no network's tensors but {_describe(content)}; a state_dict is expected"
    )


def _note_averaged(names: list[str], notes: list[str] | None) -> None:
    """Tell that averaged weights are taken where raw ones are there too; names, the best first."""
    raw = [name for name in names if is_raw(name)]
    if notes is not None and raw and is_averaged(names[0]):
        notes.append(f"its averaged weights ({names[0]}) are used, not {', '.join(raw)}")


def _holds_tensors(value: object, depth: int = 0, seen: set[int] | None = None) -> bool:
    """Whether tensors are somewhere in a mapping; a single number, such as a decay, is none.

    A mapping that is met again is not looked into again: few of them may hold each other often.
    """
    seen = set() if seen is None else seen
    if not isinstance(value, Mapping) or depth > DEEPEST or id(value) in seen:
        return False
    seen.add(id(value))
    return any(
        (isinstance(v, Tensor) and v.ndim > 0) or _holds_tensors(v, depth + 1, seen)
        for v in value.values()
    )


def _describe(content: object) -> str:
    if isinstance(content, Mapping):
        names = ", ".join(repr(str(key)) for key in list(content)[:4])
        return f"entries named {names}" if names else "nothing"
    if isinstance(content, Tensor):
        return "one tensor without a name"
    return f"a value of type {type(content).__name__}"


def canonical_names(
    tensors: Mapping[str, Tensor], notes: list[str] | None = None
) -> dict[str, Tensor]:
    """Strip the prefixes that training programs put before a network's names.

    Of a network that is there several times the averaged weights are taken; what belongs to a
    discriminator or a loss is left out.

    Args:
        tensors: by the file's names.
        notes: as for `unwrap`.

    Raises:
        WeightsMismatchError: two tensors get the same name.
    """
    out: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        short = name
        while short.startswith(WORKERS):
            short = short.partition(".")[2]
        for old, new in OLDER_NAMES:
            short = short.replace(old, new)
        if short in out:
            raise WeightsMismatchError(f"holds {short} twice, with and without a prefix")
        if short not in COUNTERS:
            out[short] = tensor
    owner, others = owner_of(out)
    if not owner:
        return out
    averaged = any(map(is_averaged, owner.split(".")))
    raw = [o or "those without a prefix" for o in others if not any(map(is_averaged, o.split(".")))]
    if notes is not None and averaged and raw:
        named = ", ".join(o.removesuffix(".") for o in raw)
        notes.append(f"its averaged weights ({owner.removesuffix('.')}) are used, not {named}")
    return canonical_names({k[len(owner) :]: t for k, t in out.items() if k.startswith(owner)})


def parameters_only(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Leave out the published buffers, which follow from the configuration."""
    return {k: t for k, t in tensors.items() if k.rpartition(".")[2] not in DERIVED_BUFFERS}


def to_float32(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies in float32 that no longer depend on the file.

    Raises:
        WeightsMismatchError: integers, or nan or infinity; the message is the end of a sentence
            that begins with the file's name.
    """
    out: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if not tensor.is_floating_point():
            kind = str(tensor.dtype).removeprefix("torch.")
            raise WeightsMismatchError(f"holds {name} as {kind}; floating-point is expected")
        value = tensor.to(torch.float32, copy=True, memory_format=torch.contiguous_format)
        if not torch.isfinite(value).all():
            raise WeightsMismatchError(
                f"holds nan or infinity in {name}: its training diverged or the file is damaged; "
                "use another copy or an earlier checkpoint"
            )
        out[name] = value
    return out
