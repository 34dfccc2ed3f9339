"""The way of all formats that Pillow reads.

The reader of the one format is called, not `PIL.Image.open`: what the header was taken for is what
is decoded.
"""

import io
from dataclasses import replace

from PIL import ImageFile

from swinsr.image.formats.faults import DamagedError, foreign_decoder
from swinsr.image.formats.form import Header
from swinsr.image.formats.pillow.images import assemble, metadata_of
from swinsr.image.formats.quiet import quiet_pillow
from swinsr.image.picture import Image


def decode_by(reader: type[ImageFile.ImageFile], data: bytes, header: Header) -> Image:
    """Decode the first picture with one of Pillow's readers."""
    with (
        foreign_decoder(),
        quiet_pillow(header.height * header.width),
        reader(io.BytesIO(data)) as picture,
    ):
        if picture.size != (header.width, header.height):
            raise DamagedError("it states two different sizes")
        frames = getattr(picture, "n_frames", 1)
        picture.load()
        image = assemble(picture, metadata_of(picture))
    if frames > 1:
        note = f"it is an animation of {frames} frames; only the first was read"
        image = replace(image, notes=(*image.notes, note))
    return image
