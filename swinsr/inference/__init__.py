"""Picture in, picture out: models by name, any size, any scale."""

from typing import TYPE_CHECKING

from swinsr.lazy import attach

if TYPE_CHECKING:
    from swinsr.inference.tiles import Tiling
    from swinsr.inference.upscaler import Upscaler
    from swinsr.runtime.device import choose_device
    from swinsr.runtime.network import prepare

_PLACES = {
    "Tiling": "swinsr.inference.tiles",
    "Upscaler": "swinsr.inference.upscaler",
    "choose_device": "swinsr.runtime.device",
    "prepare": "swinsr.runtime.network",
}
__getattr__, __dir__ = attach(__name__, _PLACES)
__all__ = ["Tiling", "Upscaler", "choose_device", "prepare"]
