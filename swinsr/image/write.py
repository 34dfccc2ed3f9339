"""Write a picture file: fit it to the format, say what was lost, put it in place whole."""

import io
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

from swinsr.errors import ConfigError, ImageWriteError
from swinsr.image.convert import to_rgb
from swinsr.image.formats.faults import UnsupportedError, codec_errors
from swinsr.image.formats.fit import fit_to_format
from swinsr.image.formats.table import ALL, DEFAULT_QUALITY, check_side, output_format
from swinsr.image.frames import Frame, Frames, uniform
from swinsr.image.picture import Image
from swinsr.storage.atomic import atomic_output


def write_image(
    path: str | os.PathLike[str],
    image: Image,
    *,
    format_name: str | None = None,
    quality: int = DEFAULT_QUALITY,
    lossless: bool = False,
    overwrite: bool = False,
) -> tuple[str, ...]:
    """Write a picture whole or not at all, in the format of the name's suffix.

    Profile, EXIF (upright, with the new size, without the old thumbnail), XMP and resolution go
    along where the format has a place. What it cannot hold is brought to what it can: alpha is
    laid on white for JPEG and BMP, 16 bits are rounded to 8 for all but PNG and TIFF, floats to 16
    bits for PNG.

    Args:
        path: ends in a suffix of `swinsr.image.FORMATS`.
        image: what to write.
        format_name: a name of `swinsr.image.formats.table.ALL`, whatever the suffix.
        quality: 1 to 100, for JPEG, WebP, AVIF and HEIC.
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
    name = format_name or output_format(path)
    check_side(str(path), image.height, image.width, name)
    with (
        atomic_output(path, overwrite=overwrite) as stream,
        encoder_errors(str(path), name),
    ):
        return encode_image(stream, image, name, quality=quality, lossless=lossless)


def write_frames(
    path: str | os.PathLike[str],
    pictures: Iterable[Frame],
    like: Frames,
    *,
    format_name: str | None = None,
    quality: int = DEFAULT_QUALITY,
    lossless: bool = False,
    overwrite: bool = False,
) -> tuple[str, ...]:
    """Write an animation or a document as its pictures come, whole or not at all.

    Args:
        path: as for `write_image`.
        pictures: as many as `like` has.
        like: tells kind, timing and repetition; see `Frames.limited` for formats that hold less.
        format_name, quality, lossless, overwrite: as for `write_image`.

    Returns:
        A sentence on each thing that was lost.

    Raises:
        as `write_image`, and whatever `pictures` raises.
    """
    path = Path(path)
    name = format_name or output_format(path)
    with (
        atomic_output(path, overwrite=overwrite) as stream,
        encoder_errors(str(path), name),
    ):
        return encode_frames(stream, pictures, like, name, quality=quality, lossless=lossless)


@contextmanager
def encoder_errors(name: str, format_name: str) -> Iterator[None]:
    """What encoding raises, as one sentence that names the file; the disk's own errors pass.

    Raises:
        ImageWriteError: in place of a library's error.
    """
    try:
        yield
    except OSError:
        raise  # of the disk: it gets its sentence where the file is
    except UnsupportedError as error:
        raise ImageWriteError(f"{name}: {error}") from error
    except MemoryError as error:
        raise ImageWriteError(
            f"{name}: there is not enough memory to encode it; close other programs"
        ) from error
    except codec_errors() as error:
        raise ImageWriteError(
            f"{name}: the picture could not be encoded as {format_name} ({error}); try PNG"
        ) from error


def encode_image(
    stream: BinaryIO,
    image: Image,
    format_name: str,
    *,
    quality: int = DEFAULT_QUALITY,
    lossless: bool = False,
) -> tuple[str, ...]:
    """Write a picture to an open stream; arguments and result as for `write_image`.

    Args:
        stream: writable, readable and seekable, at its start.
        image: what to write.
        format_name: a name of `swinsr.image.formats.table.ALL`.
        quality: 1 to 100, for JPEG, WebP, AVIF and HEIC.
        lossless: for WebP.

    Raises:
        ConfigError: a quality outside its range, or another format.
    """
    check_options(format_name, quality)
    form = ALL[format_name]
    missing = form.missing()
    if missing:
        raise UnsupportedError(missing)
    image, notes = fit_to_format(image, format_name)
    form.write(stream, image, quality, lossless=lossless)
    return notes


def encode_frames(
    stream: BinaryIO,
    pictures: Iterable[Frame],
    like: Frames,
    format_name: str,
    *,
    quality: int = DEFAULT_QUALITY,
    lossless: bool = False,
) -> tuple[str, ...]:
    """Write several pictures to an open stream; arguments and result as for `write_frames`.

    Raises:
        ConfigError: a quality outside its range, or a format that holds one picture.
    """
    check_options(format_name, quality)
    form = ALL[format_name]
    if form.several != like.kind:
        raise ConfigError(f"{format_name} does not hold {like.kind}; take one picture alone")
    notes: dict[str, None] = {}

    def fitted() -> Iterator[tuple[Image, Fraction]]:
        first: Image | None = None
        for frame in pictures:
            image = frame.image
            if like.kind == "animation":
                if first is None and like.channels == 3:
                    image = image.with_pixels(to_rgb(image.pixels), image.alpha)
                first = image if first is None else first
                image = uniform(image, first)
            check_side(like.name, image.height, image.width, format_name)
            image, lost = fit_to_format(image, format_name)
            notes.update(dict.fromkeys(lost))
            yield image, frame.seconds

    form.write_frames(stream, fitted(), like, quality, lossless=lossless)
    unit = form.timing if like.kind == "animation" else 0
    if unit and any((delay * unit).denominator > 1 for delay in like.delays):
        notes[f"the frames' times were rounded to 1/{unit} s, as {format_name} stores them"] = None
    return tuple(notes)


def encode_to_bytes(
    pictures: Iterable[Frame], like: Frames, format_name: str, *, quality: int, lossless: bool
) -> tuple[bytes, tuple[str, ...]]:
    """A whole file in memory, for streams that cannot be gone back in; and what was lost.

    Raises:
        as `write_image`.
    """
    stream = io.BytesIO()
    with encoder_errors("standard output", format_name):
        if like.count > 1:
            lost = encode_frames(
                stream, pictures, like, format_name, quality=quality, lossless=lossless
            )
        else:
            image = next(iter(pictures)).image
            check_side("standard output", image.height, image.width, format_name)
            lost = encode_image(stream, image, format_name, quality=quality, lossless=lossless)
    return stream.getvalue(), lost


def check_options(format_name: str, quality: int) -> None:
    """Refuse what no encoder takes.

    Raises:
        ConfigError: a quality outside its range, or an unknown format.
    """
    if not 1 <= quality <= 100:
        raise ConfigError(f"quality goes from 1 to 100, not {quality}")
    if format_name not in ALL:
        raise ConfigError(f"{format_name!r} is no format that can be written; try 'PNG'")


def without_description(image: Image) -> Image:
    """The picture without all that describes it; what its colours need stays."""
    return replace(image, metadata=image.metadata.of_colour())
