"""WebP, by Pillow's reader, whose library composes animations in straight alpha."""

import io
from collections.abc import Iterator
from dataclasses import replace

from PIL import WebPImagePlugin

from swinsr.image.formats.faults import foreign_decoder
from swinsr.image.formats.form import Header, check_size
from swinsr.image.formats.pillow.images import assemble, metadata_of
from swinsr.image.formats.pillow.read import decode_by
from swinsr.image.formats.quiet import quiet_pillow
from swinsr.image.formats.webp.chunks import unknown_chunks
from swinsr.image.picture import Image


def decode_webp(data: bytes, header: Header) -> Image:
    """Decode the first frame of a WebP file, lossy or lossless."""
    image = decode_by(WebPImagePlugin.WebPImageFile, data, header)
    return replace(image, notes=(*image.notes, *unknown_chunks(data)))


def decode_frames(data: bytes, header: Header) -> Iterator[Image]:
    """Decode every frame as it is seen, on the whole canvas, with alpha."""
    pixels = header.height * header.width
    with foreign_decoder(), quiet_pillow(pixels):
        picture = WebPImagePlugin.WebPImageFile(io.BytesIO(data))
    with picture:
        metadata = metadata_of(picture)
        for number in range(getattr(picture, "n_frames", 1)):
            with foreign_decoder(), quiet_pillow(pixels):
                picture.seek(number)
                picture.load()
                whole = assemble(picture.convert("RGBA"), metadata)
            yield check_size(whole, header.height, header.width)
