"""Bring a picture to what a file format holds, and say what that costs."""

from dataclasses import replace

import numpy as np

from swinsr.image.colour import icc
from swinsr.image.colour.chunks import changes_colour
from swinsr.image.convert import largest_value, to_rgb
from swinsr.image.depth import in_depth
from swinsr.image.formats import exif, xmp
from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.form import (
    COLOUR,
    DPI,
    EXIF,
    ICC,
    IPTC,
    ONE_COMMENT,
    TEXTS,
    XMP,
    Format,
)
from swinsr.image.formats.table import ALL
from swinsr.image.picture import COMMENT, Array, Image, Metadata, Text

_BLOCKS = {ICC: "profile", EXIF: "EXIF", XMP: "XMP", IPTC: "IPTC"}
_LONG = {ICC: "colour profile", EXIF: "EXIF block", XMP: "XMP packet", IPTC: "IPTC block"}
_MOST_NAMED = 6


def fit_to_format(image: Image, format_name: str) -> tuple[Image, tuple[str, ...]]:
    """The picture as the format can hold it, and a sentence on each thing that is lost.

    Args:
        image: any picture.
        format_name: a name of `swinsr.image.formats.table.ALL`.
    """
    form = ALL[format_name]
    notes: list[str] = []
    if image.alpha is not None and not form.alpha:
        pixels = image.pixels
        if float(image.alpha.min()) < largest_value(image.alpha.dtype):
            pixels = on_white(pixels, image.alpha, image.high)
            notes.append(f"transparency was laid on white, as {form.name} holds none")
        image = image.with_pixels(pixels, None)
    dtype = _sample_type(image.pixels.dtype, form)
    if dtype != image.pixels.dtype:
        notes.append(_depth_note(image, dtype, form.name))
        image = in_depth(image, dtype)
    if not form.gray:
        # Equal channels are the same picture.
        image = image.with_pixels(to_rgb(image.pixels), image.alpha)
    notes += form.losses(image)
    metadata = _fit_metadata(image, form, notes)
    return replace(image, metadata=metadata), tuple(notes)


def on_white(pixels: Array, alpha: Array, white: float = 1.0) -> Array:
    """Colours as they look before white: pixels * alpha + white * (1 - alpha), rounded half up.

    Args:
        pixels: (H, W, C) uint8, uint16 or float32.
        alpha: (H, W) of the same type.
        white: of float pixels.
    """
    if pixels.dtype == np.float32:
        share = alpha[..., None]
        laid: Array = pixels * share + np.float32(white) * (np.float32(1) - share)
        return laid.astype(np.float32, copy=False)
    # Even 65535 * 65535 + 32767 is below 2 ** 32.
    most = np.uint32(largest_value(pixels.dtype))
    share = alpha[..., None].astype(np.uint32)
    mixed = pixels * share
    mixed += most * (most - share) + most // np.uint32(2)
    mixed //= most
    return mixed.astype(pixels.dtype)


def _sample_type(dtype: np.dtype[np.generic], form: Format) -> np.dtype[np.generic]:
    bits = min(dtype.itemsize * 8, max(form.depths))
    return np.dtype({8: np.uint8, 16: np.uint16, 32: np.float32}[bits])


def _depth_note(image: Image, dtype: np.dtype[np.generic], format_name: str) -> str:
    bits = dtype.itemsize * 8
    if image.pixels.dtype == np.float32:
        low, high = image.range
        clipped = float(image.pixels.min()) < low or float(image.pixels.max()) > high
        beyond = " and clipped to black and white" if clipped else ""
        if (low, high) != (0.0, 1.0):
            beyond += f", {low:g} becoming black and {high:g} white"
        return f"float samples were rounded to {bits} bits{beyond}, the most that {format_name} has"
    return f"16-bit samples were rounded to {bits} bits, the most that {format_name} has"


def _fit_metadata(image: Image, form: Format, notes: list[str]) -> Metadata:
    """What the format holds and is true of the picture; the rest is told in `notes`."""
    metadata = image.metadata
    blocks = {
        ICC: metadata.icc, EXIF: metadata.exif, XMP: metadata.xmp, IPTC: metadata.iptc,
    }  # fmt: skip
    lost = [kind for kind, value in blocks.items() if value and kind not in form.holds]
    if lost:
        names = ", ".join(_BLOCKS[kind] for kind in lost)
        notes.append(f"{names} left out, as {form.name} has no place for it")
        blocks |= dict.fromkeys(lost)
    blocks[ICC] = _fit_profile(image, blocks[ICC], notes)
    blocks[EXIF] = _fit_exif(image, blocks[EXIF], notes)
    packet = blocks[XMP]
    if packet is not None:
        blocks[XMP], left = xmp.for_output(packet, image.height, image.width)
        notes += left
    for kind, name in _LONG.items():
        value = blocks[kind]
        if value is not None and len(value) > form.longest.get(kind, len(value)):
            blocks[kind] = None
            notes.append(f"the {name} was left out, as it is too long for {form.name}")
    dpi, colour = metadata.dpi, metadata.png_colour
    if DPI not in form.holds and dpi is not None:
        dpi = None
        notes.append(f"the resolution was left out, as {form.name} has no place for it")
    if COLOUR not in form.holds:
        if blocks[ICC] is None and any(changes_colour(*item) for item in colour):
            notes.append("the PNG gamma or cICP chunk was left out, so colours may look different")
        colour = ()
    texts = _fit_texts(metadata.texts, form, notes)
    return Metadata(
        blocks[ICC], blocks[EXIF], blocks[XMP], dpi, colour, texts, blocks[IPTC]
    )  # fmt: skip


def _fit_profile(image: Image, profile: bytes | None, notes: list[str]) -> bytes | None:
    if profile is None or icc.fits(profile, image.channels):
        return profile
    space = icc.colour_space(profile) or "no valid"
    kind = "gray" if image.is_gray else "RGB"
    notes.append(f"the colour profile ({space}) was left out, as it is not for {kind} pictures")
    return None


def _fit_exif(image: Image, block: bytes | None, notes: list[str]) -> bytes | None:
    if block is None:
        return None
    try:
        if exif.states_places(block):
            notes.append("the subject's place was left out of EXIF, as it counts the old pixels")
        return exif.for_output(block, image.height, image.width)
    except DamagedError:
        notes.append("the EXIF block was left out, as it is damaged")
        return None


def _fit_texts(texts: tuple[Text, ...], form: Format, notes: list[str]) -> tuple[Text, ...]:
    if TEXTS in form.holds:
        return texts
    comments = [text for text in texts if text.keyword == COMMENT]
    longest = form.longest.get(ONE_COMMENT, 1 << 31)
    kept = comments[:1] if ONE_COMMENT in form.holds else []
    kept = [text for text in kept if len(text.text.encode()) <= longest]
    lost = [text.keyword for text in texts if text not in kept]
    if lost:
        more = ", ..." if lost[_MOST_NAMED:] else ""
        named = ", ".join(dict.fromkeys(lost[:_MOST_NAMED])) + more
        notes.append(f"its texts ({named}) were left out, as {form.name} has no place for them")
    return tuple(kept)
