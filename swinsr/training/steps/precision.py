"""The precision of a run's arithmetic: what was asked for, and what that is on this device."""

import torch

from swinsr.ops.backend import attention_backend, block_backend
from swinsr.runtime.emulation import is_native


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
    # Convolutions are PyTorch's, blocks or their attention perhaps the kernels'.
    ways = [False]
    if block_backend("auto", device, "") == "native" or _attends_by_kernels(device):
        ways.append(True)
    return all(is_native(device, torch.bfloat16, by_kernels=way) for way in ways)


def _attends_by_kernels(device: torch.device) -> bool:
    return attention_backend("auto", device, torch.bfloat16, dropout=0.0, trains=True) == "native"
