"""Write a picture file: fit it to the format, say what was lost, put it in place whole."""

import os
from pathlib import Path
from typing import BinaryIO

from swinsr.errors import ConfigError, ImageWriteError
from swinsr.image.atomic import atomic_output
from swinsr.image.encode.pillow import encode_bmp, encode_jpeg, encode_webp
from swinsr.image.encode.png import encode_png
from swinsr.image.encode.tiff import encode_tiff
from swinsr.image.faults import CODEC_ERRORS
from swinsr.image.fit import fit_to_format
from swinsr.image.picture import Image

FORMATS = {
    ".png": "PNG",
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jpe": "JPEG",
    ".webp": "WebP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".bmp": "BMP",
}
# Largest height and width; libjpeg stops short of the 65535 that the format allows.
_LARGEST_SIDE = {
    "JPEG": 65500,
    "WebP": 16383,
    "BMP": 2**31 - 1,
    "PNG": 2**31 - 1,
    "TIFF": 2**31 - 1,
}


def write_image(
    path: str | os.PathLike[str],
    image: Image,
    *,
    quality: int = 95,
    lossless: bool = False,
    overwrite: bool = False,
) -> tuple[str, ...]:
    """Write a picture whole or not at all, in the format of the name's suffix.

    Profile, EXIF (upright, with the new size, without the old thumbnail), XMP and resolution go
    along where the format has a place. What it cannot hold is brought to what it can: alpha is
    laid on white for JPEG and BMP, 16 bits are rounded to 8 for JPEG, WebP and BMP, floats to 16
    bits for PNG.

    Args:
        path: ends in .png, .jpg, .jpeg, .jpe, .webp, .tif, .tiff or .bmp.
        image: what to write.
        quality: 1 to 100, for JPEG and WebP.
        lossless: for WebP.
        overwrite: replace a file that is there.

    Returns:
        A sentence on each thing that was lost, without the file's name; () if nothing was.

    Raises:
        OutputExistsError: the file is there and `overwrite` is false.
        ImageWriteError: unknown suffix, too large for the format, or the place does not take it.
        ConfigError: a quality outside its range.
    """
    path = Path(path)
    name = output_format(path)
    check_side(str(path), image.height, image.width, name)
    with atomic_output(path, overwrite=overwrite) as stream:
        try:
            return encode_image(stream, image, name, quality=quality, lossless=lossless)
        except OSError:
            raise  # of the disk: it gets its sentence where the file is
        except MemoryError as error:
            raise ImageWriteError(
                f"{path}: there is not enough memory to encode it; close other programs."
            ) from error
        except CODEC_ERRORS as error:
            raise ImageWriteError(
                f"{path}: the picture could not be encoded as {name} ({error}); try PNG."
            ) from error


def output_format(path: Path) -> str:
    """The format that a file name asks for.

    Raises:
        ImageWriteError: the suffix is of no format that is written.
    """
    name = FORMATS.get(path.suffix.lower())
    if name is None:
        raise ImageWriteError(
            f"{path}: the suffix {path.suffix!r} names no format that can be written; "
            "end the name in .png, .jpg, .webp, .tif or .bmp."
        )
    return name


def check_side(name: str, height: int, width: int, format_name: str) -> None:
    """Refuse a size that the format cannot hold, before any work is put into it.

    Raises:
        ImageWriteError: naming the limit and the formats that have none.
    """
    if max(height, width) > _LARGEST_SIDE[format_name]:
        raise ImageWriteError(
            f"{name}: {width} x {height} pixels are too many for {format_name}, which ends at "
            f"{_LARGEST_SIDE[format_name]} a side; write a .png or .tif instead."
        )


def encode_image(
    stream: BinaryIO, image: Image, format_name: str, *, quality: int = 95, lossless: bool = False
) -> tuple[str, ...]:
    """Write a picture to an open stream; arguments and result as for `write_image`.

    Args:
        stream: writable, readable and seekable, at its start.
        image: what to write.
        format_name: "PNG", "JPEG", "WebP", "TIFF" or "BMP".
        quality: 1 to 100, for JPEG and WebP.
        lossless: for WebP.

    Raises:
        ConfigError: a quality outside its range, or another format.
    """
    if not 1 <= quality <= 100:
        raise ConfigError(f"Quality goes from 1 to 100, not {quality}.")
    if format_name not in _LARGEST_SIDE:
        raise ConfigError(f"{format_name!r} is no format that can be written; try 'PNG'.")
    image, notes = fit_to_format(image, format_name)
    if format_name == "PNG":
        encode_png(stream, image)
    elif format_name == "TIFF":
        encode_tiff(stream, image)
    elif format_name == "JPEG":
        encode_jpeg(stream, image, quality)
    elif format_name == "WebP":
        encode_webp(stream, image, quality, lossless=lossless)
    else:
        encode_bmp(stream, image)
    return notes
