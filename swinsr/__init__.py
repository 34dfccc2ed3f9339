"""SwinSR: image super-resolution and restoration with SwinIR and Swin2SR."""

from typing import TYPE_CHECKING, Any

from swinsr.version import __version__

if TYPE_CHECKING:
    from swinsr.inference import Upscaler

__all__ = ["Upscaler", "__version__"]


def __getattr__(name: str) -> Any:
    """Import `Upscaler`, and torch with it, only when it is asked for."""
    if name == "Upscaler":
        from swinsr.inference import Upscaler

        return Upscaler
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
