"""`swinsr doctor`: what this installation runs on, what was chosen, and why."""

import platform

import typer

from swinsr.version import __version__


def doctor() -> None:
    """Show what the program found on this machine and what it chooses."""
    import torch

    from swinsr.inference import choose_device
    from swinsr.ops.backend import (
        block_backend,
        explain_attention,
        explain_block,
        explain_process,
    )
    from swinsr.runtime.convolution import adds
    from swinsr.runtime.emulation import is_native
    from swinsr.runtime.linear import packed_lacks
    from swinsr.zoo import bundled_models, weights_folder

    device = choose_device("auto")
    kinds = {"float32": torch.float32, "bfloat16": torch.bfloat16}
    by_kernels = block_backend("auto", device, "") == "native"
    chosen = (explain_attention(), explain_block(), explain_process())
    lines = {
        "swinsr": __version__,
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "torch": f"{torch.__version__}, {torch.get_num_threads()} threads, "
        f"{torch.backends.cpu.get_cpu_capability()}",
        "device": f"{device}",
        **{found.operation: f"{found.backend}: {found.reason}" for found in chosen},
        **{f"linear {kind}": _linear(packed_lacks(device, dtype)) for kind, dtype in kinds.items()},
        "convolution adds": "oneDNN, in place" if adds() else "PyTorch, then an addition",
        "precision auto": "bfloat16, where a network passes the check"
        if is_native(device, torch.bfloat16, by_kernels=by_kernels)
        else "float32: nothing here multiplies bfloat16; by name it is emulated",
        "weights": f"{len(bundled_models())} bundled in {weights_folder()}",
    }
    for name, value in lines.items():
        typer.echo(f"{name:18} {value}")


def _linear(lacks: str) -> str:
    """Of module-by-module blocks."""
    return f"PyTorch's: {lacks}" if lacks else "oneDNN, weights packed once (ran on a small input)"
