"""`swinsr doctor`: what this installation runs on, what was chosen, and why."""

import platform
from typing import TYPE_CHECKING

import typer

from swinsr.version import __version__

if TYPE_CHECKING:
    import torch


def doctor() -> None:
    """Show what the program found here and what it chooses."""
    import torch

    from swinsr.inference import choose_device
    from swinsr.ops.backend import (
        block_backend,
        check_variables,
        explain_attention,
        explain_block,
        explain_process,
    )
    from swinsr.runtime.device import what_was_tried
    from swinsr.runtime.emulation import all_native
    from swinsr.runtime.modules.convolution import adds
    from swinsr.zoo import bundled_models, weights_folder

    check_variables()
    device = choose_device("auto")
    kinds = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    threads = torch.get_num_threads()
    by_kernels = block_backend("auto", device, "") == "native"
    chosen = (explain_attention(), explain_block(), explain_process())
    lines = {
        "swinsr": __version__,
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "torch": f"{torch.__version__}, {threads} thread{'s' * (threads > 1)}, "
        f"{torch.backends.cpu.get_cpu_capability()}",
        "device": f"{device}: {what_was_tried(device)}",
        **{found.operation: f"{found.backend}: {found.reason}" for found in chosen},
        **{f"linear {kind}": _linear(device, dtype) for kind, dtype in kinds.items()},
        "convolution adds": "oneDNN, in place" if adds() else "PyTorch, then an addition",
        "precision auto": "bfloat16, where a network passes the check"
        if all_native(device, torch.bfloat16, kernels=by_kernels, pytorch=False)
        else "float32: not all that runs here multiplies bfloat16; by name it is emulated",
        "weights": f"{len(bundled_models())} bundled in {weights_folder()}",
    }
    for name, value in lines.items():
        typer.echo(f"{name:18} {value}")


def _linear(device: "torch.device", dtype: "torch.dtype") -> str:
    """Of blocks that run module by module."""
    import torch

    from swinsr.runtime.emulation import emulates
    from swinsr.runtime.modules.linear import packed_lacks

    emulated = emulates(device, dtype)
    lacks = packed_lacks(device, torch.float32 if emulated else dtype)
    how = f"PyTorch's: {lacks}" if lacks else "oneDNN, weights packed once (ran on a small input)"
    return f"{how}; float32's, on rounded values" if emulated else how
