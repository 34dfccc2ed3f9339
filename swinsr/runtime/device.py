"""Where a network runs."""

import torch

from swinsr.errors import DeviceError

DEVICES = ("auto", "cpu", "cuda", "mps")


def choose_device(name: str = "auto") -> torch.device:
    """The device that a name stands for; "auto" takes a GPU where there is one.

    Args:
        name: "auto", "cpu", "cuda", "cuda:1" ..., or "mps".

    Raises:
        DeviceError: an unknown name, or a device that this machine or this torch does not have.
    """
    if name == "auto":
        if torch.cuda.is_available():
            return torch.device("cuda")
        return torch.device("mps" if torch.backends.mps.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError:
        raise DeviceError(f"unknown device {name!r}; choose from {', '.join(DEVICES)}") from None
    if device.type not in DEVICES:
        raise DeviceError(f"device {name!r} is not supported; choose from {', '.join(DEVICES)}")
    if device.type == "cuda":
        if not torch.cuda.is_available():
            raise DeviceError(
                "this machine or this build of torch has no CUDA device; "
                "use --device cpu, or install a CUDA build of torch"
            )
        if device.index is not None and device.index >= torch.cuda.device_count():
            raise DeviceError(
                f"there is no device {name!r}; this machine has "
                f"{torch.cuda.device_count()} CUDA device(s), counted from 0"
            )
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise DeviceError("this machine has no Metal (mps) device; use --device cpu")
    return device
