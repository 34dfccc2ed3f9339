"""From what a file holds to tensors under the published names."""

from collections.abc import Mapping

import torch
from torch import Tensor

from swinsr.errors import CheckpointReadError, WeightsMismatchError
from swinsr.models.restoration import DERIVED_BUFFERS

# Where a training program puts the network's tensors, the best first: averaged weights (EMA)
# are what the published results were computed with.
WRAPPERS = (
    "params_ema",
    "ema_state_dict",
    "params",
    "state_dict",
    "model_state_dict",
    "model",
    "generator_ema",
    "generator",
    "net_g_ema",
    "net_g",
    "netG",
    "network",
)
WORKERS = ("module.", "_orig_mod.")  # of DataParallel and torch.compile
OWNERS = ("generator_ema.", "net_g_ema.", "generator.", "net_g.", "netG.", "model.", "network.")
LANDMARK = "conv_first.weight"
DEEPEST = 8


def unwrap(content: object) -> dict[str, Tensor]:
    """Find the tensors of a network in what torch.load returned.

    Follows `WRAPPERS` in their order, then a single nested mapping; drops what is no tensor.

    Raises:
        CheckpointReadError: no named tensors inside; the message is the end of a sentence that
            begins with the file's name.
    """
    for _ in range(DEEPEST):
        if not isinstance(content, Mapping):
            break
        inner = [content[k] for k in WRAPPERS if _holds_tensors(content.get(k))]
        if not inner:
            tensors = {str(k): v for k, v in content.items() if isinstance(v, Tensor)}
            if tensors:
                return tensors
            inner = [value for value in content.values() if isinstance(value, Mapping)]
            if len(inner) != 1:
                break
        content = inner[0]
    raise CheckpointReadError(
        f"holds no network's tensors but {_describe(content)}; a state_dict is expected"
    )


def _holds_tensors(value: object, depth: int = 0) -> bool:
    if not isinstance(value, Mapping) or depth > DEEPEST:
        return False
    return any(isinstance(v, Tensor) or _holds_tensors(v, depth + 1) for v in value.values())


def _describe(content: object) -> str:
    if isinstance(content, Mapping):
        names = ", ".join(repr(str(key)) for key in list(content)[:4])
        return f"entries named {names}" if names else "nothing"
    if isinstance(content, Tensor):
        return "one tensor without a name"
    return f"a value of type {type(content).__name__}"


def canonical_names(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Strip the prefixes that training programs put before a network's names.

    Raises:
        WeightsMismatchError: two tensors get the same name.
    """
    out: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        short = name
        while short.startswith(WORKERS):
            short = short.partition(".")[2]
        if short in out:
            raise WeightsMismatchError(f"holds {short} twice, with and without a prefix")
        out[short] = tensor
    for owner in OWNERS:
        if owner + LANDMARK in out:  # leave out what belongs to a discriminator or a loss
            part = {k[len(owner) :]: t for k, t in out.items() if k.startswith(owner)}
            return canonical_names(part)
    return out


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
