"""Folders and rasters on Ray: the same files, by many workers on one machine or many.

import swinsr.cluster

for record in swinsr.cluster.convert(["photos"], "bigger", swinsr.Settings(scale=4)):
    print(record.summary)
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from swinsr.cluster.batch import Upscaling
    from swinsr.cluster.pictures import convert
    from swinsr.cluster.settings import ClusterSettings
    from swinsr.cluster.tiles import raster

__all__ = ["ClusterSettings", "Upscaling", "convert", "raster"]
_PLACES = {
    "ClusterSettings": "settings",
    "Upscaling": "batch",
    "convert": "pictures",
    "raster": "tiles",
}


def __getattr__(name: str) -> Any:
    """Import a name, and Ray with it, only when it is asked for."""
    if name in _PLACES:
        import importlib

        return getattr(importlib.import_module(f"swinsr.cluster.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
