"""Pictures in and out: files, colour, transparency, metadata, limits. Arrays only, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swinsr.lazy import attach

if TYPE_CHECKING:
    from swinsr.image.alpha import bleed_colour, is_constant
    from swinsr.image.convert import largest_value, to_depth, to_float, to_gray, to_rgb
    from swinsr.image.depth import from_unit, in_depth, to_unit
    from swinsr.image.formats.fit import on_white
    from swinsr.image.formats.form import Header
    from swinsr.image.formats.pillow.images import from_pil, to_pil
    from swinsr.image.formats.table import FORMATS, check_side, output_format
    from swinsr.image.frames import Frame, Frames, read_frames
    from swinsr.image.limits import DEFAULT_MAX_PIXELS
    from swinsr.image.picture import Image, Metadata, Text
    from swinsr.image.read import probe_image, read_image
    from swinsr.image.resize.pillow import resize_image
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

_PLACES = {
    "DEFAULT_MAX_PIXELS": "swinsr.image.limits",
    "FORMATS": "swinsr.image.formats.table",
    "Frame": "swinsr.image.frames",
    "Frames": "swinsr.image.frames",
    "Header": "swinsr.image.formats.form",
    "Image": "swinsr.image.picture",
    "ImageSource": "swinsr.image.source",
    "Metadata": "swinsr.image.picture",
    "Text": "swinsr.image.picture",
    "atomic_output": "swinsr.storage.atomic",
    "bleed_colour": "swinsr.image.alpha",
    "check_side": "swinsr.image.formats.table",
    "encode_frames": "swinsr.image.write",
    "encode_image": "swinsr.image.write",
    "encode_to_bytes": "swinsr.image.write",
    "from_unit": "swinsr.image.depth",
    "in_depth": "swinsr.image.depth",
    "to_unit": "swinsr.image.depth",
    "from_pil": "swinsr.image.formats.pillow.images",
    "is_constant": "swinsr.image.alpha",
    "largest_value": "swinsr.image.convert",
    "on_white": "swinsr.image.formats.fit",
    "output_format": "swinsr.image.formats.table",
    "probe_image": "swinsr.image.read",
    "read_frames": "swinsr.image.frames",
    "read_image": "swinsr.image.read",
    "resize_image": "swinsr.image.resize.pillow",
    "to_depth": "swinsr.image.convert",
    "to_float": "swinsr.image.convert",
    "to_gray": "swinsr.image.convert",
    "to_pil": "swinsr.image.formats.pillow.images",
    "to_rgb": "swinsr.image.convert",
    "without_description": "swinsr.image.write",
    "write_frames": "swinsr.image.write",
    "write_image": "swinsr.image.write",
}
__getattr__, __dir__ = attach(__name__, _PLACES)
__all__ = [
    "DEFAULT_MAX_PIXELS",
    "FORMATS",
    "Frame",
    "Frames",
    "Header",
    "Image",
    "ImageSource",
    "Metadata",
    "Text",
    "atomic_output",
    "bleed_colour",
    "check_side",
    "encode_frames",
    "encode_image",
    "encode_to_bytes",
    "from_pil",
    "from_unit",
    "in_depth",
    "is_constant",
    "largest_value",
    "on_white",
    "output_format",
    "probe_image",
    "read_frames",
    "read_image",
    "resize_image",
    "to_depth",
    "to_float",
    "to_gray",
    "to_pil",
    "to_rgb",
    "to_unit",
    "without_description",
    "write_frames",
    "write_image",
]
