"""`swinsr doctor`: what this installation runs on, what was chosen, and why."""

import platform

import typer

from swinsr.version import __version__


def doctor() -> None:
    """Show what the program found on this machine and what it chooses."""
    import torch

    from swinsr.inference import choose_device
    from swinsr.inference.linear import packs
    from swinsr.inference.precision import computes_bfloat16
    from swinsr.ops.backend import explain_attention, explain_block, explain_process
    from swinsr.zoo import bundled_models, weights_folder

    device = choose_device("auto")
    chosen = (explain_attention(), explain_block(), explain_process())
    lines = {
        "swinsr": __version__,
        "python": f"{platform.python_version()} on {platform.system()} {platform.machine()}",
        "torch": f"{torch.__version__}, {torch.get_num_threads()} threads, "
        f"{torch.backends.cpu.get_cpu_capability()}",
        "device": f"{device}",
        **{found.operation: f"{found.backend}: {found.reason}" for found in chosen},
        "linear layers": "oneDNN, weights packed once"
        if packs(device, torch.float32)
        else "PyTorch's own: oneDNN's packed layers are for CPUs that it supports",
        "precision auto": "bfloat16, where a network passes the check"
        if computes_bfloat16(device)
        else "float32: the device does not compute bfloat16 natively",
        "weights": f"{len(bundled_models())} bundled in {weights_folder()}",
    }
    for name, value in lines.items():
        typer.echo(f"{name:18} {value}")
