"""Transparency: colours under it, so that enlarging the colours leaves no fringe."""

import cv2
import numpy as np

from swinsr.image.convert import to_depth, to_float
from swinsr.image.picture import Array


def is_constant(alpha: Array) -> bool:
    """Whether every pixel is equally transparent, so that one value stands for the channel."""
    first = alpha.flat[0]
    # Most alphas that vary do so early; rows are looked at before the whole.
    return bool((alpha[0] == first).all() and (alpha == first).all())


def bleed_colour(pixels: Array, alpha: Array) -> Array:
    """Fill the colour under fully transparent pixels from the visible ones near them.

    Files often hold black or white there. A network, or any filter, looks across the edge and
    would mix that into the visible border. Pixels that are visible at all keep their values.

    Args:
        pixels: (H, W, C) uint8, uint16 or float32, not premultiplied.
        alpha: (H, W) of the same type.

    Returns:
        New pixels of the same type, or `pixels` itself where none or all of them are transparent.

    Source: pull-push interpolation, Gortler et al., "The Lumigraph", SIGGRAPH 1996, section 3.4;
    time and memory are linear in the number of pixels.
    """
    hidden = alpha == 0
    if not hidden.any() or hidden.all():
        return pixels
    weight = to_float(alpha)
    colour = to_float(pixels) * weight[..., None]
    coarse = _pull_push(_halve(colour), _halve(weight))
    filled = to_depth(_double(coarse, *alpha.shape), pixels.dtype)
    # Only what is hidden is taken from the interpolation, so the rest is exact.
    np.copyto(filled, pixels, where=~hidden[..., None])
    return filled


def _pull_push(colour: Array, weight: Array) -> Array:
    """Colours (H, W, C), premultiplied by weight (H, W), with the weightless ones interpolated."""
    known = weight > 0
    if known.all():
        whole: Array = colour / weight[..., None]
        return whole
    coarse = _pull_push(_halve(colour), _halve(weight))
    filled = _double(coarse, *weight.shape)
    np.divide(colour, weight[..., None], out=filled, where=known[..., None])
    return filled


def _halve(values: Array) -> Array:
    """Means over 2 x 2 pixels; a missing last row or column counts as weightless."""
    height, width = values.shape[:2]
    even = cv2.copyMakeBorder(values, 0, height % 2, 0, width % 2, cv2.BORDER_CONSTANT)
    halved = cv2.resize(even, (-(-width // 2), -(-height // 2)), interpolation=cv2.INTER_AREA)
    return halved.reshape(*halved.shape[:2], *values.shape[2:])


def _double(values: Array, height: int, width: int) -> Array:
    """Twice the size, bilinear, cut to (height, width)."""
    doubled = cv2.resize(values, (2 * values.shape[1], 2 * values.shape[0]))
    return doubled.reshape(*doubled.shape[:2], *values.shape[2:])[:height, :width]
