"""The way of all formats that Pillow writes."""

import io
from typing import Any, BinaryIO

from PIL import Image as PilImage

from swinsr.image.picture import Array, Metadata

# Below this the eye takes halved colour resolution for granted; at or above it, a user asks for
# quality, and 4:2:0 would blur what the network restored.
FULL_COLOUR_QUALITY = 90


def save(stream: BinaryIO, pixels: Array, format_name: str, **options: Any) -> None:
    """Encode in memory, then write: to a file itself Pillow writes without a look at how much of
    it the disk took, and a full one would leave a picture cut short.
    """
    buffer = io.BytesIO()
    PilImage.fromarray(pixels).save(buffer, format_name, **options)
    stream.write(buffer.getbuffer())


def fields_of(metadata: Metadata, *, prefix: bytes) -> dict[str, Any]:
    """Metadata as Pillow's writers take it; `prefix` goes before the EXIF block."""
    fields: dict[str, Any] = {"icc_profile": metadata.icc, "xmp": metadata.xmp, "dpi": metadata.dpi}
    if metadata.exif is not None:
        fields["exif"] = prefix + metadata.exif
    return {key: value for key, value in fields.items() if value is not None}
