"""The way of a picture file: plan, choose, read, run, write, record, with resume.

Imports nothing heavy by itself: names and settings are checked before torch is loaded.
"""

from typing import TYPE_CHECKING

from swinsr.lazy import attach

if TYPE_CHECKING:
    from swinsr.files.record import Record
    from swinsr.files.run import convert_many, upscale_file
    from swinsr.files.settings import Settings

__all__ = ["Record", "Settings", "convert_many", "upscale_file"]
__getattr__, __dir__ = attach(
    __name__,
    {
        "Record": "swinsr.files.record",
        "Settings": "swinsr.files.settings",
        "convert_many": "swinsr.files.run",
        "upscale_file": "swinsr.files.run",
    },
)
