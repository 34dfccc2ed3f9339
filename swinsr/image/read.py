"""Read a picture file: recognise, refuse what is too large, decode, turn upright."""

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from swinsr.errors import ImageReadError, is_out_of_memory
from swinsr.image.formats import exif
from swinsr.image.formats.exif import upright
from swinsr.image.formats.faults import DamagedError, UnsupportedError, codec_errors
from swinsr.image.formats.form import Header, check_size
from swinsr.image.formats.headers import read_header
from swinsr.image.formats.table import ALL
from swinsr.image.limits import DEFAULT_MAX_PIXELS, Limit
from swinsr.image.picture import Image, Metadata
from swinsr.image.source import ImageSource, open_source

# Of metadata that is copied from file to file: field, name, bytes.
_LONGEST = (
    ("icc", "colour profile", 1 << 25),
    ("exif", "EXIF block", 1 << 25),
    ("xmp", "XMP packet", 1 << 25),
    ("iptc", "IPTC block", 1 << 24),
)
_LONGEST_TEXTS = 1 << 23
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
        header, limit = read_header(stream), Limit(name, max_pixels)
        limit.check(header.height, header.width)
        stream.seek(0)
        return decode(stream.read(), header, limit)


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
    except codec_errors() as error:
        if is_out_of_memory(error):
            raise ImageReadError(_no_memory(name)) from error
        raise ImageReadError(
            f"{name}: the picture is damaged or cut short ({_detail(error)}); "
            "copy or download the file again"
        ) from error


def decode(data: bytes, header: Header, limit: Limit) -> Image:
    """Decode a file's first picture and turn it upright.

    Args:
        data: the whole file.
        header: what `read_header` found; its size was approved.
        limit: for what else the file may hold, such as tiles larger than the picture.

    Raises:
        one of `swinsr.image.formats.faults.codec_errors()`; `own_errors` makes it one of ours.
    """
    form = ALL[header.format]
    image = form.read(data, header, limit)
    return finished(check_size(image, header.height, header.width, turned=form.turned), header)


def finished(image: Image, header: Header) -> Image:
    """What all decoded pictures go through, stills and frames alike: bounded, turned upright."""
    metadata, notes = bounded(image.metadata)
    image = replace(image, metadata=metadata, notes=(*image.notes, *notes))
    return replace(_upright(image), source_format=header.format)


def bounded(metadata: Metadata) -> tuple[Metadata, tuple[str, ...]]:
    """Metadata without what is longer than any that people have, and what is to be said of it."""
    notes = []
    for name, called, longest in _LONGEST:
        value = getattr(metadata, name)
        if value is not None and len(value) > longest:
            none: dict[str, Any] = {name: None}
            metadata = replace(metadata, **none)
            notes.append(f"its {called} was left out, as it is longer than {longest >> 20} MB")
    texts, room = [], _LONGEST_TEXTS
    for text in metadata.texts:
        room -= len(text.text)
        if room >= 0:
            texts.append(text)
    if len(texts) < len(metadata.texts):
        metadata = replace(metadata, texts=tuple(texts))
        notes.append(f"its texts beyond {_LONGEST_TEXTS >> 20} MB were left out")
    if metadata.exif is not None:
        with suppress(DamagedError):  # told where it is turned
            if exif.has_thumbnail(metadata.exif):
                notes.append("its thumbnail was left out, as it shows the old picture")
    return metadata, tuple(notes)


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
