"""Georeferenced rasters in, georeferenced rasters out: any bands, any type, in bounded memory.

from swinsr.raster import RasterSettings, raster

raster("scene.tif", "scene_x4.tif", RasterSettings(scale=4))
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from swinsr.raster.grid import Grid
    from swinsr.raster.run import raster
    from swinsr.raster.settings import RasterSettings

__all__ = ["Grid", "RasterSettings", "raster"]
_PLACES = {"Grid": "grid", "RasterSettings": "settings", "raster": "run"}


def __getattr__(name: str) -> Any:
    """Import a name only when it is asked for."""
    if name in _PLACES:
        import importlib

        return getattr(importlib.import_module(f"swinsr.raster.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
