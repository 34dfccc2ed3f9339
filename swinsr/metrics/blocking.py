"""PSNR-B: PSNR with a penalty for steps at the edges of the 8x8 blocks that JPEG leaves.

    PSNR-B = 10 log10(range^2 / (MSE + BEF)),   BEF = eta * (D_edges - D_inside)

D are mean squared differences of neighbours across block edges and inside blocks of the restored
image alone, eta = log2(8) / log2(min(height, width)), and BEF = 0 unless D_edges > D_inside.

Source: C. Yim, A. Bovik, "Quality assessment of deblocked images", IEEE TIP 20(1), 2011, eq. 5-10.
The number of block edges is counted as the published SwinIR script does: size // 8 - 1 along each
axis, which is one less than there are where the size is not a multiple of 8.
"""

from math import log2

import numpy as np

from swinsr.errors import ShapeMismatchError
from swinsr.metrics.noise_ratio import decibels
from swinsr.metrics.pair import Image, Plane, luma, make_pair, require_rgb

BLOCK = 8


def psnrb(sr: Image, hr: Image, *, border: int = 0, data_range: float | None = None) -> float:
    """PSNR-B in dB of gray images, or the mean over the three channels of RGB images.

    Not symmetric: the blocks are looked for in `sr`.

    Args:
        sr, hr: (height, width), (height, width, 1) or (height, width, 3), uint8 (range 255),
            uint16 (range 65535) or float; same shape and type. At least 16x16.
        border: pixels removed from each edge first; papers use 0, since the block grid is
            counted from the first pixel that is left.
        data_range: the value of white; needed for float images alone.

    Returns:
        Decibels, at most the PSNR of the channel; inf for identical images without block edges.

    Raises:
        ShapeMismatchError: shapes differ or less than two blocks a side are left.
        ImageError: types differ, or the value of white is not known.

    Source: see the module; equals the SwinIR repository's `calculate_psnrb`.
    """
    pair = make_pair(sr, hr, border=border, data_range=data_range)
    restored, truth = pair.sr.astype(np.float64), pair.hr.astype(np.float64)
    scores = [
        _psnrb(restored[..., channel], truth[..., channel], pair.data_range)
        for channel in range(restored.shape[2])
    ]
    return float(np.mean(scores))


def psnrb_y(sr: Image, hr: Image, *, border: int = 0, data_range: float | None = None) -> float:
    """PSNR-B in dB on the BT.601 luma channel of RGB images; otherwise as `psnrb`."""
    pair = make_pair(sr, hr, border=border, data_range=data_range)
    require_rgb(pair)
    return _psnrb(luma(pair.sr, pair.data_range), luma(pair.hr, pair.data_range), pair.data_range)


def _psnrb(restored: Plane, truth: Plane, data_range: float) -> float:
    error = float(np.mean((restored - truth) ** 2))
    return decibels(error + blocking_effect(restored), data_range)


def blocking_effect(plane: Plane) -> float:
    """The blocking effect factor (BEF) of a plane (height, width), in squared units of its values.

    Raises:
        ShapeMismatchError: the plane is less than two blocks high or wide.
    """
    height, width = plane.shape
    if min(height, width) < 2 * BLOCK:
        raise ShapeMismatchError(
            f"PSNR-B needs {2 * BLOCK}x{2 * BLOCK} pixels inside the border, "
            f"but {height}x{width} are left"
        )
    at_edges = inside = 0.0
    edges = 0
    for lines in (plane, plane.T):  # (lines, positions): steps along rows, then along columns
        steps = np.diff(lines, axis=1) ** 2
        across = float(steps[:, BLOCK - 1 :: BLOCK].sum())
        at_edges += across
        inside += float(steps.sum()) - across
        edges += lines.shape[0] * (lines.shape[1] // BLOCK - 1)
    others = height * (width - 1) + width * (height - 1) - edges
    excess = at_edges / edges - inside / others
    return float(max(excess, 0.0) * log2(BLOCK) / log2(min(height, width)))
