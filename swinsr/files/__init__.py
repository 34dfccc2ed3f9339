"""The way of a picture file: plan, choose, read, run, write, record, with resume.

Imports nothing heavy by itself: names and settings are checked before torch is loaded.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from swinsr.files.record import Record
    from swinsr.files.run import convert_many, upscale_file
    from swinsr.files.settings import Settings

__all__ = ["Record", "Settings", "convert_many", "upscale_file"]
_PLACES = {"Record": "record", "Settings": "settings", "convert_many": "run", "upscale_file": "run"}


def __getattr__(name: str) -> Any:
    """Import a name only when it is asked for."""
    if name in _PLACES:
        import importlib

        return getattr(importlib.import_module(f"swinsr.files.{_PLACES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
