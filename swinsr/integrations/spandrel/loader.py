"""An architecture for spandrel's registry, and the module that it loads."""

import importlib
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from swinsr.checkpoints.canonical import canonical_names
from swinsr.checkpoints.detection.restoration import detect
from swinsr.checkpoints.load import network_from
from swinsr.errors import CheckpointError, ConfigError
from swinsr.install import install_packages
from swinsr.models import RestorationNetwork
from swinsr.runtime.network import Ready, prepare

ID = "SwinSR"
# They would take our files first; what only looks like ours, as HAT does, stays theirs.
_BEFORE = ("HAT", "GRL", "Swin2SR", "SwinIR")
_MINIMUM = 16  # of a side; spandrel mirrors smaller pictures up to it


class KernelNetwork(nn.Module):
    """A network whose forward pass is the prepared one: compiled kernels, streamed, exact.

    Where gradients are wanted it is the plain network.
    """

    def __init__(self, network: RestorationNetwork) -> None:
        """Around a network; it is prepared when it is first run on a device."""
        super().__init__()
        self.network = network
        self._ready: Ready | None = None
        self._state: tuple[object, ...] = ()

    def forward(self, x: Tensor) -> Tensor:
        """(batch, C, H, W) in 0..1 to (batch, C, H * scale, W * scale)."""
        if torch.is_grad_enabled() and (x.requires_grad or self._learns()):
            return self.network.forward_head(x).image
        result = self._prepared()(x.float()).to(x.dtype)
        # Whoever runs without gradients may change it in place, which inference tensors forbid.
        return result if torch.is_inference_mode_enabled() else result.clone()

    def _learns(self) -> bool:
        return self.training and any(p.requires_grad for p in self.network.parameters())

    def _prepared(self) -> Ready:
        first = next(self.network.parameters())
        versions = sum(p._version for p in self.network.parameters())
        state = (first.device, first.dtype, first.data_ptr(), versions)
        if self._ready is None or state != self._state:
            precision = "float32"
            network = self.network
            if first.dtype != torch.float32:
                if first.dtype != torch.bfloat16:
                    raise ConfigError(
                        f"the network is in {first.dtype}; it runs in float32 and bfloat16"
                    )
                precision = "bfloat16"
                state_dict = {k: v.float() for k, v in network.state_dict().items()}
                network = network_from(network.config, state_dict).to(first.device)
            self._ready, self._state = prepare(network, precision), state
        return self._ready


def install(registry: Any = None) -> bool:
    """Make spandrel build SwinIR and Swin2SR by this program; a second call changes nothing.

    Args:
        registry: an `ArchRegistry`; None for the main one, which all loaders take by default.

    Returns:
        Whether it was not installed there before.

    Raises:
        ConfigError: spandrel is not installed, or torchvision, which it needs, does not work.
    """
    spandrel = _spandrel()
    chosen = spandrel.MAIN_REGISTRY if registry is None else registry
    if ID in chosen:
        return False
    before = tuple(name for name in _BEFORE if name in chosen)
    chosen.add(spandrel.ArchSupport.from_architecture(_architecture(spandrel), before=before))
    return True


def _spandrel() -> Any:
    try:
        return importlib.import_module("spandrel")
    except (ImportError, RuntimeError) as error:
        raise ConfigError(
            f"spandrel cannot be imported here ({error}); install it with "
            f"`{install_packages('spandrel', 'torchvision')}`"
        ) from error


def _architecture(spandrel: Any) -> Any:
    class SwinSRArchitecture(spandrel.Architecture):  # type: ignore[misc]
        """SwinIR and Swin2SR, in every layout of names that spandrel hands on."""

        def __init__(self) -> None:
            super().__init__(id=ID, detect=is_ours)

        def load(self, state_dict: Mapping[str, Tensor]) -> Any:
            tensors = canonical_names(dict(state_dict))
            network = network_from(detect(tensors).config, tensors).eval()
            config = network.config
            module = KernelNetwork(network).eval()
            return spandrel.ImageModelDescriptor(
                module,
                module.state_dict(),
                architecture=self,
                purpose="Restoration" if config.upscale == 1 else "SR",
                tags=[config.family, f"{config.embed_dim}dim", f"w{config.window_size}"],
                supports_half=False,
                supports_bfloat16=True,
                scale=config.upscale,
                input_channels=config.in_chans,
                output_channels=config.in_chans,
                size_requirements=spandrel.SizeRequirements(minimum=_MINIMUM),
                # Whole pictures stream through in memory of a few feature maps.
                tiling=spandrel.ModelTiling.DISCOURAGED,
            )

    return SwinSRArchitecture()


def is_ours(state_dict: Mapping[str, Any]) -> bool:
    """Whether tensors are a network's that this program builds."""
    if not all(isinstance(value, Tensor) for value in state_dict.values()):
        return False
    try:
        detect(canonical_names(dict(state_dict)))
    except (CheckpointError, ConfigError):
        return False
    return True
