"""Bring a picture to what a file format holds, and say what that costs."""

from dataclasses import replace

import numpy as np

from swinsr.image.colour import icc
from swinsr.image.colour.chunks import changes_colour
from swinsr.image.convert import largest_value, to_depth, to_rgb
from swinsr.image.formats import exif
from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.form import COLOUR, DPI, EXIF, ICC, XMP, Format
from swinsr.image.formats.table import ALL
from swinsr.image.picture import Array, Image, Metadata

_BLOCKS = {ICC: "profile", EXIF: "EXIF", XMP: "XMP"}


def fit_to_format(image: Image, format_name: str) -> tuple[Image, tuple[str, ...]]:
    """The picture as the format can hold it, and a sentence on each thing that is lost.

    Args:
        image: any picture.
        format_name: a name of `swinsr.image.formats.table.ALL`.
    """
    form = ALL[format_name]
    notes: list[str] = []
    pixels, alpha = image.pixels, image.alpha
    if alpha is not None and not form.alpha:
        if int(alpha.min()) < largest_value(alpha.dtype):
            pixels = on_white(pixels, alpha)
            notes.append(f"transparency was laid on white, as {form.name} holds none")
        alpha = None
    dtype = _sample_type(pixels.dtype, form)
    if dtype != pixels.dtype:
        notes.append(_depth_note(pixels, dtype, form.name))
        pixels = to_depth(pixels, dtype)
        alpha = None if alpha is None else to_depth(alpha, dtype)
    if not form.gray:
        pixels = to_rgb(pixels)  # equal channels are the same picture
    image = image.with_pixels(pixels, alpha)
    notes += form.losses(image)
    metadata = _fit_metadata(image, form, notes)
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


def _sample_type(dtype: np.dtype[np.generic], form: Format) -> np.dtype[np.generic]:
    bits = min(dtype.itemsize * 8, max(form.depths))
    return np.dtype({8: np.uint8, 16: np.uint16, 32: np.float32}[bits])


def _depth_note(pixels: Array, dtype: np.dtype[np.generic], format_name: str) -> str:
    bits = dtype.itemsize * 8
    if pixels.dtype == np.float32:
        clipped = float(pixels.min()) < 0 or float(pixels.max()) > 1
        beyond = " and clipped to black and white" if clipped else ""
        return f"float samples were rounded to {bits} bits{beyond}, the most that {format_name} has"
    return f"16-bit samples were rounded to {bits} bits, the most that {format_name} has"


def _fit_metadata(image: Image, form: Format, notes: list[str]) -> Metadata:
    metadata = image.metadata
    blocks = {ICC: metadata.icc, EXIF: metadata.exif, XMP: metadata.xmp}
    lost = [kind for kind, value in blocks.items() if value and kind not in form.holds]
    if lost:
        names = ", ".join(_BLOCKS[kind] for kind in lost)
        notes.append(f"{names} left out, as {form.name} has no place for it")
        blocks |= dict.fromkeys(lost)
    profile, block, xmp = blocks.values()
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
    if block is not None and len(block) > form.longest.get(EXIF, len(block)):
        block = None
        notes.append(f"the EXIF block was left out, as it is too long for {form.name}")
    if xmp is not None and len(xmp) > form.longest.get(XMP, len(xmp)):
        xmp = None
        notes.append(f"the XMP packet was left out, as it is too long for {form.name}")
    dpi, colour = metadata.dpi, metadata.png_colour
    if DPI not in form.holds and dpi is not None:
        dpi = None
        notes.append(f"the resolution was left out, as {form.name} has no place for it")
    if COLOUR not in form.holds:
        if profile is None and any(changes_colour(*item) for item in colour):
            notes.append("the PNG gamma or cICP chunk was left out, so colours may look different")
        colour = ()
    return Metadata(profile, block, xmp, dpi, colour)
