"""Weights for BasicSR's programs; `swinsr.checkpoints.load` reads what those programs save."""

from pathlib import Path

import torch

from swinsr.checkpoints import load
from swinsr.checkpoints.layouts.official import official_buffers
from swinsr.errors import CheckpointError, ConfigError
from swinsr.storage.atomic import replacing


def export_checkpoint(source: Path, target: Path, *, buffers: bool = True) -> Path:
    """Write weights as BasicSR saves them: a .pth with "params" and "params_ema".

    Args:
        source: any file or folder that `swinsr.checkpoints.load` reads.
        target: the .pth file; replaced if it is there.
        buffers: add the published code's index and mask tensors, which BasicSR's own SwinIR wants
            when it loads strictly. Our registered networks take the file either way.

    Returns:
        The target.

    Raises:
        ConfigError: another suffix, or buffers that do not exist at the network's `img_size`.
        CheckpointError: the source cannot be loaded or the target not be written.
    """
    if target.suffix != ".pth":
        raise ConfigError(f"{target}: BasicSR's weights end in .pth; choose such a name")
    network = load(source).network
    tensors = {k: v.detach().cpu().clone() for k, v in network.state_dict().items()}
    if buffers:
        tensors |= official_buffers(network)
    try:
        with replacing(target) as stream:
            torch.save({"params": tensors, "params_ema": tensors}, stream)
    except (OSError, RuntimeError) as error:
        raise CheckpointError(f"{target}: cannot be written ({error})") from error
    return target
