"""Read a picture file: recognise, refuse what is too large, decode, turn upright."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

from swinsr.errors import ImageReadError, is_out_of_memory
from swinsr.image.formats import exif
from swinsr.image.formats.exif import upright
from swinsr.image.formats.faults import CODEC_ERRORS, DamagedError, UnsupportedError
from swinsr.image.formats.headers import Header, read_header
from swinsr.image.formats.heif.read import decode_avif, decode_heic
from swinsr.image.formats.jpeg.read import decode_jpeg
from swinsr.image.formats.pillow.read import decode_bmp, decode_gif, decode_webp
from swinsr.image.formats.png.read import decode_png
from swinsr.image.formats.tiff.read import decode_tiff
from swinsr.image.limits import DEFAULT_MAX_PIXELS, check_pixels
from swinsr.image.picture import Image
from swinsr.image.source import ImageSource, open_source

_DECODERS: dict[str, Callable[[bytes, Header], Image]] = {
    "JPEG": decode_jpeg,
    "WebP": decode_webp,
    "BMP": decode_bmp,
    "GIF": decode_gif,
    "AVIF": decode_avif,
    "HEIC": decode_heic,
}
_TURNED_BY_DECODER = ("AVIF", "HEIC")
# The same field a second time, as an attribute or as an element.
_XMP_ORIENTATION = re.compile(rb"(tiff:Orientation(?:\s*=\s*[\"']|>))[2-8]")


def read_image(source: ImageSource, *, max_pixels: int | None = DEFAULT_MAX_PIXELS) -> Image:
    """Read a PNG, JPEG, WebP, TIFF, BMP, GIF, HEIC or AVIF picture, recognised by its content.

    Bit depth (8, 16, float32), gray and alpha stay; palettes and 1 to 4 bits become 8 bits; CMYK
    and Lab become sRGB. The EXIF orientation is applied, and reset in the metadata. Of a file
    with several pictures it is the first; `read_frames` gives all.

    Args:
        source: a path, the file's bytes, or a binary stream, read to its end.
        max_pixels: refuse pictures with more pixels before decoding; None for no limit.

    Raises:
        ImageReadError: no such file, not a picture, damaged, cut short, or of an unread kind.
        ImageTooLargeError: more than `max_pixels` pixels.
    """
    with open_source(source) as (name, stream), own_errors(name):
        header = read_header(stream)
        check_pixels(name, header.height, header.width, max_pixels)
        stream.seek(0)
        return decode(stream.read(), header, max_pixels)


def probe_image(source: ImageSource) -> Header:
    """Format and size from the header alone, as stored: the EXIF orientation is not looked at.

    Raises:
        ImageReadError: no such file, not a picture, or a header that is damaged.
    """
    with open_source(source) as (name, stream), own_errors(name):
        return read_header(stream)


@contextmanager
def own_errors(name: str) -> Iterator[None]:
    """Whatever decoding raises, as one sentence that names the file."""
    try:
        yield
    except UnsupportedError as error:
        raise ImageReadError(f"{name}: {error}") from error
    except MemoryError as error:
        raise ImageReadError(_no_memory(name)) from error
    except CODEC_ERRORS as error:
        if is_out_of_memory(error):
            raise ImageReadError(_no_memory(name)) from error
        raise ImageReadError(
            f"{name}: the picture is damaged or cut short ({_detail(error)}); "
            "copy or download the file again"
        ) from error


def decode(data: bytes, header: Header, max_pixels: int | None) -> Image:
    """Decode a file's first picture and turn it upright.

    Args:
        data: the whole file.
        header: what `read_header` found; its size was approved.
        max_pixels: for what else the file may hold, such as tiles larger than the picture.

    Raises:
        one of `swinsr.image.formats.faults.CODEC_ERRORS`; `own_errors` turns it into one of ours.
    """
    if header.format == "PNG":
        image = decode_png(data)
    elif header.format == "TIFF":
        image = decode_tiff(data, max_pixels)
    else:
        image = _DECODERS[header.format](data, header)
    stored = (image.height, image.width)
    turned = header.format in _TURNED_BY_DECODER and stored == (header.width, header.height)
    if stored != (header.height, header.width) and not turned:
        raise DamagedError("it states two different sizes")
    return replace(_upright(image), source_format=header.format)


def _upright(image: Image) -> Image:
    """The picture turned the way its EXIF block says, and the block saying so."""
    metadata = image.metadata
    if metadata.exif is None:
        return image
    try:
        orientation = exif.orientation_of(metadata.exif)
        block = exif.with_orientation_reset(metadata.exif)
    except DamagedError:
        note = "its EXIF block is damaged and was left out"
        return replace(image, metadata=replace(metadata, exif=None), notes=(*image.notes, note))
    if orientation == 1:
        return image
    dpi = metadata.dpi[::-1] if metadata.dpi is not None and orientation >= 5 else metadata.dpi
    xmp = metadata.xmp and _XMP_ORIENTATION.sub(rb"\g<1>1", metadata.xmp)
    return replace(
        image,
        pixels=upright(image.pixels, orientation).copy(),
        alpha=None if image.alpha is None else upright(image.alpha, orientation).copy(),
        metadata=replace(metadata, exif=block, xmp=xmp, dpi=dpi),
    )


def _no_memory(name: str) -> str:
    return (
        f"{name}: there is not enough memory to decode it; close other programs or "
        "reduce the picture"
    )


def _detail(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text[:120] if text else type(error).__name__
