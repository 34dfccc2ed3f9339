"""SwinSR: image super-resolution and restoration with SwinIR and Swin2SR.

import swinsr

bigger = swinsr.upscale("photo.jpg")                          # a picture in, a picture out
swinsr.upscale_file("photo.jpg", "photo_x4.png")              # a file in, a file out
swinsr.show("photo.jpg", bigger)                              # a divider, in a notebook
for record in swinsr.convert_many(["scans"], "bigger"):       # many files
    print(record.summary)
"""

from typing import TYPE_CHECKING

from swinsr.lazy import attach
from swinsr.version import __version__

if TYPE_CHECKING:
    from swinsr.files.record import Record
    from swinsr.files.run import convert_many, upscale_file
    from swinsr.files.settings import Settings
    from swinsr.inference import Upscaler
    from swinsr.inference.oneline import upscale
    from swinsr.notebook import show

_PLACES = {
    "Record": "swinsr.files.record",
    "Settings": "swinsr.files.settings",
    "Upscaler": "swinsr.inference",
    "convert_many": "swinsr.files.run",
    "show": "swinsr.notebook",
    "upscale": "swinsr.inference.oneline",
    "upscale_file": "swinsr.files.run",
}
__getattr__, __dir__ = attach(__name__, _PLACES)
__all__ = [
    "Record",
    "Settings",
    "Upscaler",
    "__version__",
    "convert_many",
    "show",
    "upscale",
    "upscale_file",
]
