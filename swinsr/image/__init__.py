"""Pictures in and out: files, colour, transparency, metadata, limits. Arrays only, no network."""

from swinsr.image.alpha import bleed_colour, is_constant
from swinsr.image.convert import largest_value, to_depth, to_float, to_gray, to_rgb
from swinsr.image.formats.fit import on_white
from swinsr.image.formats.headers import Header
from swinsr.image.formats.pillow.images import from_pil, to_pil
from swinsr.image.formats.table import FORMATS, check_side, output_format
from swinsr.image.frames import Frame, Frames, read_frames
from swinsr.image.limits import DEFAULT_MAX_PIXELS
from swinsr.image.picture import Image, Metadata
from swinsr.image.read import probe_image, read_image
from swinsr.image.resize.pillow import resize, resize_image
from swinsr.image.source import ImageSource
from swinsr.image.write import (
    encode_frames,
    encode_image,
    encode_to_bytes,
    without_description,
    write_frames,
    write_image,
)
from swinsr.storage.atomic import atomic_output

__all__ = [
    "DEFAULT_MAX_PIXELS",
    "FORMATS",
    "Frame",
    "Frames",
    "Header",
    "Image",
    "ImageSource",
    "Metadata",
    "atomic_output",
    "bleed_colour",
    "check_side",
    "encode_frames",
    "encode_image",
    "encode_to_bytes",
    "from_pil",
    "is_constant",
    "largest_value",
    "on_white",
    "output_format",
    "probe_image",
    "read_frames",
    "read_image",
    "resize",
    "resize_image",
    "to_depth",
    "to_float",
    "to_gray",
    "to_pil",
    "to_rgb",
    "without_description",
    "write_frames",
    "write_image",
]
