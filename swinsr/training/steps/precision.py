"""The precision of a run's arithmetic: what was asked for, and what that is on this device."""

import torch

from swinsr.ops.backend import block_backend
from swinsr.runtime.emulation import all_native


def rounds(precision: str, device: torch.device) -> bool:
    """Whether a step runs under bfloat16 autocast; `precision` as in `RunSettings`."""
    return precision == "bfloat16" or (precision == "auto" and _is_native(device))


def explain_precision(precision: str, device: torch.device) -> str:
    """What a run computes in and why, as one line."""
    name = "bfloat16" if rounds(precision, device) else "float32"
    native = _is_native(device)
    if precision == "auto":
        return "bfloat16" if native else "float32: this device does not multiply bfloat16"
    if name == "bfloat16" and not native:
        return "bfloat16, emulated: this device does not multiply it, and float32 is quicker here"
    return name


def _is_native(device: torch.device) -> bool:
    by_kernels = block_backend("auto", device, "") == "native"
    # Convolutions are PyTorch's.
    return all_native(device, torch.bfloat16, kernels=by_kernels, pytorch=True)
