"""Where a network runs."""

import torch

from swinsr.errors import DeviceError

DEVICES = ("auto", "cpu", "cuda", "xpu", "mps")
# In the order in which "auto" takes them.
_GPUS = {
    "cuda": "CUDA device (NVIDIA's, or AMD's under ROCm)",
    "xpu": "Intel GPU (xpu)",
    "mps": "Metal (mps) device",
}
# What has been tried, for people; see docs/gpu.md.
_TESTED = {
    "cpu": "tested with every change",
    "cuda": "kernels were tested on an NVIDIA H100; with every change they run in Triton's "
    "interpreter, and graphs are replayed on a CPU; nothing was run under ROCm",
    "xpu": "not tested: PyTorch's own operators in float32 or bfloat16, neither kernels nor graphs",
    "mps": "not tested: PyTorch's own operators in float32 or bfloat16, neither kernels nor graphs",
}


def choose_device(name: str = "auto") -> torch.device:
    """The device that a name stands for; "auto" takes a GPU where there is one.

    Args:
        name: "auto", "cpu", "cuda", "cuda:1" ..., "xpu", "xpu:1" ..., or "mps".

    Raises:
        DeviceError: an unknown name, or a device that this machine or this torch does not have.
    """
    if name == "auto":
        return torch.device(next((kind for kind in _GPUS if _count(kind)), "cpu"))
    try:
        device = torch.device(name)
    except RuntimeError:
        raise DeviceError(f"unknown device {name!r}; choose from {', '.join(DEVICES)}") from None
    if device.type not in DEVICES:
        raise DeviceError(f"device {name!r} is not supported; choose from {', '.join(DEVICES)}")
    if device.type == "cpu":
        return device
    count = _count(device.type)
    if not count:
        raise DeviceError(
            f"this machine or this build of torch has no {_GPUS[device.type]}; use --device cpu, "
            "or install the build of torch for it"
        )
    if device.index is not None and device.index >= count:
        raise DeviceError(
            f"there is no device {name!r}; this machine has {count} of that kind, counted from 0"
        )
    return device


def what_was_tried(device: torch.device) -> str:
    """What has and has not been tried on a kind of device, one sentence without its full stop."""
    return _TESTED[device.type]


def _count(kind: str) -> int:
    """How many devices of a kind torch can use."""
    if kind == "mps":
        return int(torch.backends.mps.is_available())
    module = torch.cuda if kind == "cuda" else torch.xpu
    return module.device_count() if module.is_available() else 0
