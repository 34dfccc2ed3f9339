"""SwinSR: image super-resolution and restoration with SwinIR and Swin2SR."""

from swinsr.version import __version__

__all__ = ["__version__"]
