"""HEIC and AVIF, where the libraries for them are there."""

import io
from contextlib import suppress
from dataclasses import replace
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import ImageFile, features

from swinsr.image.formats import exif
from swinsr.image.formats.faults import DamagedError, UnsupportedError, foreign_decoder
from swinsr.image.formats.form import Header
from swinsr.image.formats.heif.items import described
from swinsr.image.formats.pillow.images import assemble, metadata_of
from swinsr.image.formats.quiet import quiet_pillow
from swinsr.image.picture import Array, Image
from swinsr.install import install_extra, install_packages


def can_heic() -> bool:
    """Whether the package for HEIC is installed."""
    return find_spec("pillow_heif") is not None


def can_avif() -> bool:
    """Whether the installed Pillow has AVIF."""
    return bool(find_spec("PIL.AvifImagePlugin")) and bool(features.check("avif"))


def decode_avif(data: bytes, header: Header) -> Image:
    """Decode the first picture of an AVIF file to 8 bits; turned as its boxes say by EXIF.

    Raises:
        UnsupportedError: Pillow was built without it.
    """
    if not can_avif():
        raise UnsupportedError(
            "reading AVIF needs Pillow 11.3 or later; get it with "
            f"`{install_packages('pillow>=11.3')}`"
        )
    from PIL import AvifImagePlugin

    with (
        foreign_decoder(),
        quiet_pillow(header.height * header.width),
        AvifImagePlugin.AvifImageFile(io.BytesIO(data)) as picture,
    ):
        _check_size(picture, header)
        frames = getattr(picture, "n_frames", 1)
        picture.load()
        image = assemble(picture, metadata_of(picture))
    image = _described(image, data)
    if frames > 1:
        note = f"it is an animation of {frames} frames; only the first was read"
        image = replace(image, notes=(*image.notes, note))
    return image


def decode_heic(data: bytes, header: Header) -> Image:
    """Decode the main picture of a HEIC file; 10 and 12 bits become 16.

    Raises:
        UnsupportedError: the package for it is not installed.
    """
    if not can_heic():
        raise UnsupportedError(
            f"reading HEIC needs the pillow-heif package; install it with `{install_extra('heif')}`"
        )
    import pillow_heif

    with foreign_decoder(), quiet_pillow(header.height * header.width):
        file = pillow_heif.open_heif(io.BytesIO(data), convert_hdr_to_8bit=False)
        _check_size(file, header)
        if ";16" not in file.mode:
            picture = file.to_pillow()
            image = assemble(picture, metadata_of(picture))
        else:
            image = _deep(file)
    return _described(_already_turned(image), data)


def _described(image: Image, data: bytes) -> Image:
    metadata, notes = described(data, image.metadata)
    return replace(image, metadata=metadata, notes=(*image.notes, *notes))


def _already_turned(image: Image) -> Image:
    """The decoder turned it as the file's boxes say, which count; EXIF may say it once more."""
    block = image.metadata.exif
    if block is None:
        return image
    with suppress(DamagedError):  # told where all EXIF blocks are looked at
        block = exif.with_orientation_reset(block)
    return replace(image, metadata=replace(image.metadata, exif=block))


def _deep(file: Any) -> Image:
    """16-bit samples, which Pillow has no colour mode for; the decoder shifts 10 and 12 bits up."""
    samples: Array = np.asarray(file)
    given = int(file.info.get("bit_depth", 16))
    # What was shifted is repeated below, so that white is 65535.
    samples = samples | (samples >> np.uint16(min(given, 16))) if given < 16 else samples
    planes = samples if samples.ndim == 3 else samples[..., None]
    pixels, alpha = planes, None
    if planes.shape[2] in (2, 4):
        pixels, alpha = planes[..., :-1], np.ascontiguousarray(planes[..., -1])
    return Image(np.ascontiguousarray(pixels), alpha, metadata_of(file))


def _check_size(picture: ImageFile.ImageFile | Any, header: Header) -> None:
    stated = (header.width, header.height)
    if tuple(picture.size) not in (stated, stated[::-1]):  # decoders turn as the boxes say
        raise DamagedError("it states two different sizes")
