"""TIFF: tifffile, and for the compressions it lacks Pillow (8 bits) or OpenCV (16 bits, float).

tifffile has every layout, but without the imagecodecs package only some compressions. Pillow and
OpenCV have libtiff's compressions: Pillow no 16-bit or float colour, OpenCV no gray with alpha.
"""

import io
import logging
import struct
from dataclasses import replace
from importlib.util import find_spec

import cv2
import numpy as np
import tifffile
from PIL import Image as PilImage
from PIL import TiffImagePlugin

from swinsr.image.convert import largest_value, to_depth
from swinsr.image.depth import ranged
from swinsr.image.formats.faults import DamagedError, UnsupportedError, foreign_decoder
from swinsr.image.formats.pillow.images import assemble
from swinsr.image.formats.quiet import quiet_opencv, quiet_pillow
from swinsr.image.formats.tiff.layout import (
    BLACK_IS_ZERO,
    CMYK,
    DEFLATE,
    RGB,
    WHITE_IS_ZERO,
    TiffLayout,
    describe,
)
from swinsr.image.formats.tiff.packed import COMPRESSIONS, unpack_samples
from swinsr.image.picture import Array, Image
from swinsr.install import install_packages

# What tifffile reads well of itself: none, and Deflate with its two numbers.
_TIFFFILE_ALONE = (1, *DEFLATE)
_BY_OPENCV = (1, 5, 32773, *DEFLATE)  # 5 is LZW
_PACKBITS = 32773  # tifffile alone reads it too, but slowly
_ASSOCIATED_ALPHA = 1

# A library's log does not belong on a user's screen; programs that set up logging still get it.
logging.getLogger("tifffile").addHandler(logging.NullHandler())


def decode_tiff(data: bytes, max_pixels: int | None) -> Image:
    """Decode the first page: gray, palette, RGB, CMYK, with or without alpha, any byte order.

    8 and 16 bit stay as they are, 9 to 15 become 16, fewer than 8 become 8, floats of any width
    float32, with the range that they have; CMYK becomes 8-bit sRGB. Premultiplied alpha is divided
    out.
    """
    layout = describe(data, max_pixels)
    if layout.orientation_at is not None:
        # Pillow and OpenCV turn TIFFs, tifffile does not: none is to, and the caller does.
        edited = bytearray(data)
        struct.pack_into(layout.order + "H", edited, layout.orientation_at, 1)
        data = bytes(edited)
    image = _decode(data, layout)
    return replace(image, notes=(*image.notes, *layout.notes))


def _decode(data: bytes, layout: TiffLayout) -> Image:
    plain = layout.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK) and layout.bits >= 8
    gray_and_alpha = layout.samples == 2
    if _is_rare(layout):
        return _assemble(unpack_samples(data, layout), layout)
    if plain and layout.compression in _TIFFFILE_ALONE and layout.predictor in (1, 2):
        return _assemble(_by_tifffile(data), layout)
    if layout.bits <= 8 and (layout.contiguous or not gray_and_alpha):
        return _by_pillow(data, layout)
    colour = layout.samples in (1, 3, 4) and layout.photometric != CMYK
    if colour and layout.contiguous and layout.compression in _BY_OPENCV:
        return _assemble(_by_opencv(data), layout)
    if plain and (layout.compression == _PACKBITS or find_spec("imagecodecs")):
        return _assemble(_by_tifffile(data), layout)
    if plain and layout.bits <= 16 and _is_packed(layout):
        return _assemble(unpack_samples(data, layout), layout)
    raise UnsupportedError(
        f"reading {layout.samples} samples of {layout.bits} bits in TIFF compression "
        f"{layout.compression} needs the imagecodecs package; install it with "
        f"`{install_packages('imagecodecs')}`"
    )


def _is_packed(layout: TiffLayout) -> bool:
    """Whether the samples can be taken out of the rows' bytes."""
    predicted = layout.predictor == 2 and layout.bits in (8, 16)
    return (
        layout.photometric in (WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, CMYK)
        and layout.contiguous
        and layout.compression in COMPRESSIONS
        and (layout.predictor == 1 or predicted)
    )


def _is_rare(layout: TiffLayout) -> bool:
    """Of a kind that decoders do not know, or give back without its alpha."""
    if not _is_packed(layout) or layout.bits > 16:
        return False
    if layout.bits not in (1, 2, 4, 8, 16) or (layout.bits < 8 and layout.samples > 1):
        return True
    colours = {RGB: 3, CMYK: 4}.get(layout.photometric, 1)
    odd_alpha = layout.alpha is not None and (
        layout.photometric == CMYK or layout.alpha_at != colours
    )
    return odd_alpha and layout.compression not in _TIFFFILE_ALONE


def _by_tifffile(data: bytes) -> Array:
    with foreign_decoder(), tifffile.TiffFile(io.BytesIO(data)) as file:
        page = file.pages[0]
        samples: Array = page.asarray()
        return np.moveaxis(samples, 0, -1) if page.axes == "SYX" else samples


def _by_opencv(data: bytes) -> Array:
    with quiet_opencv():
        samples = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    if samples is None:
        raise DamagedError("the pixel data cannot be decoded")
    return samples[..., [2, 1, 0, 3][: samples.shape[2]]] if samples.ndim == 3 else samples


def _by_pillow(data: bytes, layout: TiffLayout) -> Image:
    with (
        foreign_decoder(),
        quiet_pillow(layout.height * layout.width),
        TiffImagePlugin.TiffImageFile(io.BytesIO(data)) as picture,
    ):
        picture.load()
        image = assemble(picture, layout.metadata)
    if image.is_gray and image.alpha is not None and layout.alpha == _ASSOCIATED_ALPHA:
        # Pillow divides RGB by its alpha, but not gray.
        return image.with_pixels(_divide_out(image.pixels, image.alpha), image.alpha)
    return image


def _assemble(samples: Array, layout: TiffLayout) -> Image:
    notes: tuple[str, ...] = ()
    samples = samples.reshape(layout.height, layout.width, layout.samples)
    samples = samples.astype(samples.dtype.newbyteorder("="), copy=False)
    if samples.dtype.kind == "f":
        with np.errstate(over="ignore"):  # which is infinite then, and refused
            narrow = samples.astype(np.float32, copy=False)
        if not np.isfinite(narrow).all():
            raise UnsupportedError(
                "it holds samples that are not numbers (NaN or infinite); replace them first"
            )
        if not np.array_equal(narrow, samples):
            notes = ("its 64-bit samples were rounded to 32 bits",)
        samples = narrow
    elif samples.dtype not in (np.uint8, np.uint16):
        raise UnsupportedError(
            f"its {samples.dtype} samples are not read; convert it to 8 bit, 16 bit or float"
        )
    alpha = None
    if layout.alpha is not None:
        alpha = np.ascontiguousarray(samples[..., layout.alpha_at])
        if alpha.dtype == np.float32 and not 0 <= float(alpha.min()) <= float(alpha.max()) <= 1:
            raise UnsupportedError(
                f"its transparency goes from {alpha.min():g} to {alpha.max():g}, and 0 to 1 is "
                "read; scale it first"
            )
    if layout.photometric == CMYK:
        return _from_cmyk(samples[..., :4], alpha, layout)
    pixels = samples[..., : 3 if layout.photometric == RGB else 1]
    if alpha is not None and layout.alpha == _ASSOCIATED_ALPHA:
        pixels = _divide_out(pixels, alpha)
    image = Image(np.ascontiguousarray(pixels), alpha, layout.metadata, notes=notes)
    image = ranged(image, layout.stated)
    if layout.photometric == WHITE_IS_ZERO:
        low, high = image.range
        kind = image.pixels.dtype.type
        return image.with_pixels((kind(low) + kind(high)) - image.pixels, image.alpha)
    return image


def _from_cmyk(samples: Array, alpha: Array | None, layout: TiffLayout) -> Image:
    if alpha is not None and layout.alpha == _ASSOCIATED_ALPHA:
        samples = _divide_out(samples, alpha)
    inks = np.ascontiguousarray(to_depth(samples, np.uint8))
    image = assemble(PilImage.fromarray(inks, mode="CMYK"), layout.metadata)
    image = replace(image, alpha=None if alpha is None else to_depth(alpha, np.uint8))
    if samples.dtype == np.uint8:
        return image
    kind = "float" if samples.dtype == np.float32 else "16-bit"
    return replace(image, notes=(*image.notes, f"{kind} CMYK was converted to 8-bit sRGB"))


def _divide_out(pixels: Array, alpha: Array) -> Array:
    """Colours of a picture that was stored multiplied by its alpha."""
    whole = largest_value(pixels.dtype)
    divisor = alpha[..., None].astype(np.float64)
    # The product is exact and the quotient correctly rounded, so halves are recognised.
    colour = np.zeros(pixels.shape)
    np.divide(pixels * np.float64(whole), divisor, out=colour, where=divisor > 0)
    if pixels.dtype == np.float32:
        return colour.astype(np.float32)
    return np.minimum(np.floor(colour + 0.5), whole).astype(pixels.dtype)
