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
    filled = _pull_push(colour, weight)
    # Only what is hidden is taken from the interpolation, so the rest is exact.
    return np.where(hidden[..., None], to_depth(filled, pixels.dtype), pixels)


def _pull_push(colour: Array, weight: Array) -> Array:
    """Colours (H, W, C), premultiplied by weight (H, W), with the weightless ones interpolated."""
    height, width = weight.shape
    empty = weight <= 0
    known = colour / np.where(empty, np.float32(1), weight)[..., None]
    if not empty.any():
        return known
    coarse = _pull_push(_halve(colour), _halve(weight))
    finer = cv2.resize(coarse, (2 * coarse.shape[1], 2 * coarse.shape[0]))  # bilinear
    finer = finer.reshape(2 * coarse.shape[0], 2 * coarse.shape[1], -1)[:height, :width]
    known[empty] = finer[empty]
    return known


def _halve(values: Array) -> Array:
    """Sums over 2 x 2 pixels; a missing last row or column counts as weightless."""
    rest = [(0, values.shape[0] % 2), (0, values.shape[1] % 2)]
    even = np.pad(values, rest + [(0, 0)] * (values.ndim - 2))
    rows = even[0::2] + even[1::2]
    summed: Array = rows[:, 0::2] + rows[:, 1::2]
    return summed
