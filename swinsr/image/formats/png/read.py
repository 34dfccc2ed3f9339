"""PNG: Pillow for up to 8 bits, OpenCV for 16 (Pillow has no 16-bit colour)."""

import io
import struct
from dataclasses import replace

import cv2
import numpy as np
from PIL import PngImagePlugin

from swinsr.image.formats.faults import DamagedError, foreign_decoder
from swinsr.image.formats.pillow.images import assemble
from swinsr.image.formats.png import chunks as png
from swinsr.image.formats.quiet import quiet_opencv, quiet_pillow
from swinsr.image.picture import Array, Image


def decode_png(data: bytes) -> Image:
    """Decode; gAMA, cHRM, sRGB and cICP are carried along and sBIT is ignored.

    Sample values are taken as stored: networks are trained on stored values, and a viewer applies
    the chunks to the output as it would have to the input.
    """
    file = png.parse(data)
    notes = file.notes
    if file.frames > 1:
        only = f"it is an animation of {file.frames} frames; only the still picture was read"
        notes = (*notes, only)
    return replace(decode_file(file), notes=notes)


def decode_file(file: png.PngFile) -> Image:
    """Decode the pixel data of a still or of one frame.

    Raises:
        DamagedError: it is damaged or ends early.
    """
    file.check_pixel_data()  # decoders hand out what there is of a picture that ends early
    if file.depth == 16:
        pixels, alpha = _decode_16_bit(file)
        image = Image(pixels, alpha, file.metadata)
    else:
        with (
            foreign_decoder(),
            quiet_pillow(file.height * file.width),
            PngImagePlugin.PngImageFile(io.BytesIO(file.essential())) as picture,
        ):
            picture.load()
            image = assemble(picture, file.metadata)
    if file.key is not None and file.colour_type != png.PALETTE:
        image = replace(image, alpha=_alpha_of_key(image.pixels, file))
    return image


def _decode_16_bit(file: png.PngFile) -> tuple[Array, Array | None]:
    encoded = np.frombuffer(file.essential(), np.uint8)
    with quiet_opencv():
        samples = cv2.imdecode(encoded, cv2.IMREAD_UNCHANGED)
    if samples is None or samples.dtype != np.uint16:
        raise DamagedError("the pixel data cannot be decoded")
    if samples.ndim == 2:
        samples = samples[..., None]
    alpha = None
    if file.colour_type in (png.GRAY_ALPHA, png.RGB_ALPHA):
        alpha = np.ascontiguousarray(samples[..., -1])
    if file.colour_type in (png.GRAY, png.GRAY_ALPHA):
        return np.ascontiguousarray(samples[..., :1]), alpha
    return np.ascontiguousarray(samples[..., 2::-1]), alpha  # OpenCV's order is BGR


def _alpha_of_key(pixels: Array, file: png.PngFile) -> Array:
    """Transparent where a pixel equals the tRNS key, which counts in the file's own bit depth."""
    key = np.array(struct.unpack(f">{file.key and len(file.key) // 2}H", file.key or b""))
    if file.depth < 8:
        key = key * (255 // ((1 << file.depth) - 1))
    opaque = np.iinfo(pixels.dtype).max
    return np.where((pixels == key).all(axis=2), 0, opaque).astype(pixels.dtype)
