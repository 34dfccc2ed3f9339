"""Bring a picture to what a file format holds, and say what that costs."""

from dataclasses import replace

import numpy as np

from swinsr.image.colour import icc
from swinsr.image.convert import largest_value, to_depth, to_rgb
from swinsr.image.formats import exif
from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.png.chunks import USUAL_GAMMA
from swinsr.image.formats.table import ALL
from swinsr.image.picture import Array, Image, Metadata

# Bytes that one JPEG segment holds behind the prefix of its kind.
_JPEG_EXIF_LIMIT, _JPEG_XMP_LIMIT = 65527, 65504


def fit_to_format(image: Image, format_name: str) -> tuple[Image, tuple[str, ...]]:
    """The picture as the format can hold it, and a sentence on each thing that is lost.

    Args:
        image: any picture.
        format_name: a name of `swinsr.image.formats.table.ALL`.
    """
    notes: list[str] = []
    pixels, alpha = image.pixels, image.alpha
    if alpha is not None and not ALL[format_name].alpha:
        if int(alpha.min()) < largest_value(alpha.dtype):
            pixels = on_white(pixels, alpha)
            notes.append(f"transparency was laid on white, as {format_name} holds none")
        alpha = None
    dtype = _sample_type(pixels.dtype, format_name)
    if dtype != pixels.dtype:
        notes.append(_depth_note(pixels, dtype, format_name))
        pixels = to_depth(pixels, dtype)
        alpha = None if alpha is None else to_depth(alpha, dtype)
    if format_name in ("WebP", "AVIF"):
        pixels = to_rgb(pixels)  # the format has no gray; equal channels are the same picture
    if format_name == "GIF":
        _note_gif(pixels, alpha, notes)
    image = image.with_pixels(pixels, alpha)
    metadata = _fit_metadata(image, format_name, notes)
    return replace(image, metadata=metadata), tuple(notes)


def on_white(pixels: Array, alpha: Array) -> Array:
    """Colours as they look before white: pixels * alpha + white * (1 - alpha), rounded half up.

    Args:
        pixels: (H, W, C) uint8, uint16 or float32.
        alpha: (H, W) of the same type.
    """
    if pixels.dtype == np.float32:
        share = alpha[..., None]
        return (pixels * share + (np.float32(1) - share)).astype(np.float32)
    # Even 65535 * 65535 + 32767 is below 2 ** 32.
    white = np.uint32(largest_value(pixels.dtype))
    share = alpha[..., None].astype(np.uint32)
    mixed = pixels * share
    mixed += white * (white - share) + white // np.uint32(2)
    mixed //= white
    return mixed.astype(pixels.dtype)


def _sample_type(dtype: np.dtype[np.generic], format_name: str) -> np.dtype[np.generic]:
    bits = min(dtype.itemsize * 8, max(ALL[format_name].depths))
    return np.dtype({8: np.uint8, 16: np.uint16, 32: np.float32}[bits])


def _note_gif(pixels: Array, alpha: Array | None, notes: list[str]) -> None:
    if pixels.shape[2] == 3:
        notes.append("colours were reduced to 256, as GIF holds no more")
    if alpha is not None and bool(((alpha > 0) & (alpha < largest_value(alpha.dtype))).any()):
        notes.append("half transparency became all or none, as GIF holds no more")


def _depth_note(pixels: Array, dtype: np.dtype[np.generic], format_name: str) -> str:
    bits = dtype.itemsize * 8
    if pixels.dtype == np.float32:
        clipped = float(pixels.min()) < 0 or float(pixels.max()) > 1
        beyond = " and clipped to black and white" if clipped else ""
        return f"float samples were rounded to {bits} bits{beyond}, the most that {format_name} has"
    return f"16-bit samples were rounded to {bits} bits, the most that {format_name} has"


def _fit_metadata(image: Image, format_name: str, notes: list[str]) -> Metadata:
    metadata = image.metadata
    profile, block, xmp = metadata.icc, metadata.exif, metadata.xmp
    if format_name in ("BMP", "GIF"):
        lost = [n for n, v in (("profile", profile), ("EXIF", block), ("XMP", xmp)) if v]
        if lost:
            notes.append(f"{', '.join(lost)} left out, as {format_name} has no place for it")
        return Metadata(dpi=metadata.dpi if format_name == "BMP" else None)
    if profile is not None and not icc.fits(profile, image.channels):
        space = icc.colour_space(profile) or "no valid"
        kind = "gray" if image.is_gray else "RGB"
        notes.append(f"the colour profile ({space}) was left out, as it is not for {kind} pictures")
        profile = None
    if block is not None:
        try:
            block = exif.for_output(block, image.height, image.width)
        except DamagedError:
            block = None
            notes.append("the EXIF block was left out, as it is damaged")
    if format_name == "JPEG":
        if block is not None and len(block) > _JPEG_EXIF_LIMIT:
            block = None
            notes.append("the EXIF block was left out, as it is too long for JPEG")
        if xmp is not None and len(xmp) > _JPEG_XMP_LIMIT:
            xmp = None
            notes.append("the XMP packet was left out, as it is too long for JPEG")
    dpi = metadata.dpi
    if format_name in ("WebP", "AVIF", "HEIC") and dpi is not None:
        dpi = None
        notes.append(f"the resolution was left out, as {format_name} has no place for it")
    colour = metadata.png_colour
    if format_name != "PNG":
        if profile is None and any(_changes_colour(*item) for item in colour):
            notes.append("the PNG gamma or cICP chunk was left out, so colours may look different")
        colour = ()
    return Metadata(profile, block, xmp, dpi, colour)


def _changes_colour(kind: bytes, data: bytes) -> bool:
    if kind == b"gAMA":
        return int.from_bytes(data, "big") not in USUAL_GAMMA
    return kind == b"cICP"
