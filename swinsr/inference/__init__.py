"""Picture in, picture out: models by name, any size, any scale."""

from swinsr.inference.device import choose_device
from swinsr.inference.prepare import prepare
from swinsr.inference.tiles import Tiling
from swinsr.inference.upscaler import Upscaler

__all__ = ["Tiling", "Upscaler", "choose_device", "prepare"]
