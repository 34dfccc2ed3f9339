"""JPEG, WebP and BMP, through Pillow's readers.

The reader of the one format is called, not `PIL.Image.open`: what the header was taken for is what
is decoded.
"""

import io
from dataclasses import replace

from PIL import BmpImagePlugin, ImageFile, JpegImagePlugin, WebPImagePlugin

from swinsr.image.faults import DamagedError, foreign_decoder
from swinsr.image.headers import Header
from swinsr.image.picture import Image
from swinsr.image.pil import assemble, metadata_of
from swinsr.image.quiet import quiet_pillow

# An 8 x 8 block takes at least one bit, whatever the code.
_PIXELS_PER_BYTE = 512


def decode_jpeg(data: bytes, header: Header) -> Image:
    """Decode the first picture of a JPEG file: gray, YCbCr or RGB, Adobe CMYK or YCCK.

    CMYK is taken as Adobe stores it, inverted, as Pillow and OpenCV do, marker or not.
    """
    # libjpeg fills what is missing with gray and says so only in a warning that Pillow drops.
    # A download that was given its full length in advance ends in zeros, which are taken for
    # picture data; but then the end marker is missing.
    if data.rfind(b"\xff\xd9") < data.find(b"\xff\xda"):
        raise DamagedError("its end marker is missing")
    if header.height * header.width > _PIXELS_PER_BYTE * len(data):
        raise DamagedError("it is too short for its size")
    return _decode(JpegImagePlugin.JpegImageFile, data, header)


def decode_webp(data: bytes, header: Header) -> Image:
    """Decode the first frame of a WebP file, lossy or lossless."""
    return _decode(WebPImagePlugin.WebPImageFile, data, header)


def decode_bmp(data: bytes, header: Header) -> Image:
    """Decode a BMP file: 1 to 32 bits, RLE, alpha where a mask defines it."""
    return _decode(BmpImagePlugin.BmpImageFile, data, header)


def _decode(reader: type[ImageFile.ImageFile], data: bytes, header: Header) -> Image:
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
