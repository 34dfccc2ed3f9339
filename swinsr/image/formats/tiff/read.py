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
from swinsr.image.picture import Array, Image, Metadata
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

    8 and 16 bit stay as they are, floats of any width become float32, 16-bit CMYK becomes 8-bit
    sRGB. Premultiplied alpha is divided out.
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
    if plain and layout.compression in _TIFFFILE_ALONE and layout.predictor in (1, 2):
        return _assemble(_by_tifffile(data), layout)
    if layout.bits <= 8 and (layout.contiguous or not gray_and_alpha):
        return _by_pillow(data, layout)
    colour = layout.samples in (1, 3, 4) and layout.photometric != CMYK
    if colour and layout.contiguous and layout.compression in _BY_OPENCV:
        return _assemble(_by_opencv(data), layout)
    if plain and (layout.compression == _PACKBITS or find_spec("imagecodecs")):
        return _assemble(_by_tifffile(data), layout)
    raise UnsupportedError(
        f"reading {layout.samples} samples of {layout.bits} bits in TIFF compression "
        f"{layout.compression} needs the imagecodecs package; install it with "
        f"`{install_packages('imagecodecs')}`"
    )


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
    samples = samples.reshape(layout.height, layout.width, layout.samples)
    samples = samples.astype(samples.dtype.newbyteorder("="), copy=False)
    if samples.dtype.kind == "f":
        samples = samples.astype(np.float32, copy=False)
        if not np.isfinite(samples).all():
            raise UnsupportedError(
                "it holds samples that are not numbers (NaN or infinite); replace them first"
            )
    elif samples.dtype not in (np.uint8, np.uint16):
        raise UnsupportedError(
            f"its {samples.dtype} samples are not read; convert it to 8 bit, 16 bit or float"
        )
    if layout.photometric == WHITE_IS_ZERO:
        samples = largest_value(samples.dtype) - samples
    if layout.photometric == CMYK:
        return _from_cmyk(samples, layout.metadata)
    colours = 3 if layout.photometric == RGB else 1
    pixels, alpha = samples[..., :colours], None
    if layout.alpha is not None:
        alpha = np.ascontiguousarray(samples[..., colours])
        if layout.alpha == _ASSOCIATED_ALPHA:
            pixels = _divide_out(pixels, alpha)
    return Image(np.ascontiguousarray(pixels), alpha, layout.metadata)


def _from_cmyk(samples: Array, metadata: Metadata) -> Image:
    inks = np.ascontiguousarray(to_depth(samples[..., :4], np.uint8))
    image = assemble(PilImage.fromarray(inks, mode="CMYK"), metadata)
    if samples.dtype == np.uint8:
        return image
    note = "16-bit CMYK was converted to 8-bit sRGB"
    return replace(image, notes=(*image.notes, note))


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
