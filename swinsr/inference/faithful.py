"""What a network is not asked about: numbers beyond 0..1, colour where there is none, and the flat.

Networks are trained on numbers in 0..1 and on pictures in colour. Given -0.1 they answer with a
pattern, black text on white comes back with coloured rims, and flat saturated colours drift in the
corners of a picture, where zeros follow. So they get the part that they know, and the rest goes
around them: what lies beyond 0..1 is interpolated and added again, where the input has no colour
the result has none, and where it is flat an enlargement is, within one 8-bit level. (Not so a
restoration: it is to change what a JPEG left flat.)

All is decided pixel by pixel from a small neighbourhood, so that tiles agree with the whole.
"""

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from swinsr.image.convert import to_gray
from swinsr.image.resize.matlab import imresize

FloatArray = NDArray[np.float32]
# From this difference between channels on a pixel has colour; half of it counts as half.
COLOURED = np.float32(2 / 255)
# A pixel keeps the network's colour if one with colour is this near, then less over `_FADE`.
_REACH, _FADE = 4, 2
# A neighbourhood whose numbers differ by this is not flat; by half of it, half. Where it is flat
# the network may move by `_LEVEL`, where it is nearly so by up to `_FREE` more.
_UNEVEN = np.float32(2 / 255)
_LEVEL, _FREE = np.float32(1 / 255), np.float32(32 / 255)
_BAND_BYTES = 4 << 20


def known_part(planes: FloatArray) -> FloatArray:
    """What a network knows of a picture, (h, w, 1 or 3) in sRGB's numbers: those within 0..1."""
    return planes if _is_known(planes) else planes.clip(0, 1)


def carry_rest(out: FloatArray, planes: FloatArray, scale: int) -> None:
    """Add to what a network made of a picture what it was not asked about, in place.

    Args:
        out: (h * scale, w * scale, C), of the known part of `planes`.
        planes: (h, w, C), the picture.
        scale: of the network.
    """
    if not _is_known(planes):
        rest = planes - planes.clip(0, 1)
        out += rest if scale == 1 else imresize(rest, size=out.shape[:2])
    if planes.shape[2] == 3:
        _remove_colour(out, planes, scale)
    if scale > 1:
        _keep_flat(out, planes, scale)


def _is_known(planes: FloatArray) -> bool:
    return float(planes.min()) >= 0 and float(planes.max()) <= 1


def _remove_colour(out: FloatArray, planes: FloatArray, scale: int) -> None:
    """Make the result colourless, in place, where the input is; its luma stays as it is."""
    share = _coloured(planes)
    for rows in _bands(share, scale):
        enlarged = _nearest(share[rows], scale)[..., None]
        band = out[rows.start * scale : rows.stop * scale]
        gray = to_gray(band)
        np.copyto(band, gray + (band - gray) * enlarged, where=enlarged < 1)


def _keep_flat(out: FloatArray, planes: FloatArray, scale: int) -> None:
    """Hold the result, in place, near the input's number where that is the same all around."""
    share = _uneven(planes)
    for rows in _bands(share, scale):
        part = share[rows]
        limit = np.where(part < 1, _LEVEL + _FREE * part, np.float32(np.inf))
        flat, limit = _nearest(planes[rows], scale), _nearest(limit, scale)[..., None]
        band = out[rows.start * scale : rows.stop * scale]
        np.clip(band, flat - limit, flat + limit, out=band)


def _bands(share: FloatArray, scale: int) -> Iterator[slice]:
    """The rows of a share, some at a time, where any is below 1."""
    rows = max(_BAND_BYTES // (share.shape[1] * scale * scale * 4), 1)
    for top in range(0, len(share), rows):
        band = slice(top, min(top + rows, len(share)))
        if float(share[band].min()) < 1:
            yield band


def _nearest(part: FloatArray, scale: int) -> FloatArray:
    return part if scale == 1 else part.repeat(scale, axis=0).repeat(scale, axis=1)


def _coloured(planes: FloatArray) -> FloatArray:
    """(h, w) in 0..1: how far a pixel may have colour; exactly 0 where none is near."""
    difference = planes.max(axis=2) - planes.min(axis=2)
    share: FloatArray = np.minimum(difference / COLOURED, np.float32(1))
    return _over(share, _REACH)


def _uneven(planes: FloatArray) -> FloatArray:
    """(h, w) in 0..1: how far a pixel's neighbourhood differs; exactly 0 where it is flat."""
    near = np.ones((3, 3), np.uint8)
    share = np.zeros(planes.shape[:2], np.float32)
    for plane in np.moveaxis(planes, 2, 0):
        plane = np.ascontiguousarray(plane)
        np.maximum(share, cv2.dilate(plane, near) - cv2.erode(plane, near), out=share)
    share /= _UNEVEN
    return _over(np.minimum(share, np.float32(1), out=share), _REACH - 1)


def _over(share: FloatArray, reach: int) -> FloatArray:
    """A share in 0..1 of each pixel, widened by some pixels and faded out beyond."""
    if float(share.min()) >= 1:
        return share
    side = 2 * (reach + _FADE) + 1
    widened = cv2.dilate(share, np.ones((side, side), np.uint8))
    fade = 2 * _FADE + 1
    faded = cv2.boxFilter(widened, -1, (fade, fade), borderType=cv2.BORDER_REPLICATE)
    # Sums in floating point: nothing near stays exactly nothing, all stays all.
    faded[cv2.dilate(widened, np.ones((fade, fade), np.uint8)) == 0] = 0
    return np.where(cv2.erode(widened, np.ones((fade, fade), np.uint8)) >= 1, 1, faded)
