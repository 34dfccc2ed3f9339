"""Picture in, picture out: models by name, any size, any scale."""

from swinsr.inference.tiles import Tiling
from swinsr.inference.upscaler import Upscaler
from swinsr.runtime.device import choose_device
from swinsr.runtime.network import prepare

__all__ = ["Tiling", "Upscaler", "choose_device", "prepare"]
