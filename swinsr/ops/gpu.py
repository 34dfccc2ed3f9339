"""Whether Triton kernels can run on a device; nothing here imports Triton.

With TRITON_INTERPRET=1 in the environment before Triton's first import its kernels run as NumPy,
on CPU tensors too: slow, and right, which is what tests need.
"""

import importlib.util
import os

import torch

INTERPRETER_VARIABLE = "TRITON_INTERPRET"


def interprets() -> bool:
    """Whether Triton is told to run its kernels without a GPU."""
    return os.environ.get(INTERPRETER_VARIABLE) == "1"


# Asked at import: PyTorch's compiler does not trace through the search.
_INSTALLED = importlib.util.find_spec("triton") is not None


def triton_lacks(device: torch.device) -> str:
    """Why Triton kernels cannot take tensors on a device; empty where they can."""
    if not _INSTALLED:
        return "the package triton is not installed"
    if device.type == "cuda" or interprets():
        return ""
    return f"Triton kernels run on a GPU and the tensors are on {device.type}"
