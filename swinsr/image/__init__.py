"""Pictures in and out: files, colour, transparency, metadata, limits. Arrays only, no network."""

from swinsr.image.convert import to_depth, to_float, to_gray, to_rgb
from swinsr.image.limits import DEFAULT_MAX_PIXELS
from swinsr.image.picture import Image, Metadata
from swinsr.image.pil import from_pil, to_pil
from swinsr.image.read import read_image

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "Image",
    "Metadata",
    "from_pil",
    "read_image",
    "to_depth",
    "to_float",
    "to_gray",
    "to_pil",
    "to_rgb",
]
