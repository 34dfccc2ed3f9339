"""torchvision as it is, and stand-ins for what is really not there."""

import importlib
import importlib.util
import sys

import torch

# Operators that its own import asks for.
NAMES = ("nms", "qnms")
_LIBRARIES: list[torch.library.Library] = []  # operators last as long as their library


def supply_torchvision() -> None:
    """Import torchvision, with stand-ins for its operators where they do not load.

    Beside another build of torch its compiled part does not load, and then its import fails; the
    networks here use none of its operators. Nothing is registered before it was tried: what
    torchvision registers a second time ends the interpreter. Where it is not installed, nothing
    happens.

    Raises:
        ImportError, RuntimeError: it does not import for another reason.
    """
    if "torchvision" in sys.modules or importlib.util.find_spec("torchvision") is None:
        return
    try:
        importlib.import_module("torchvision")
    except RuntimeError as error:
        if not any(f"torchvision::{name}" in str(error) for name in NAMES):
            raise
        for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
            del sys.modules[name]
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in NAMES:
            if not hasattr(torch.ops.torchvision, name):
                library.define(f"{name}(Tensor boxes, Tensor scores, float threshold) -> Tensor")
        _LIBRARIES.append(library)
        importlib.import_module("torchvision")
