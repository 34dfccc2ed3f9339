"""MATLAB's resizing of `swinsr.image.resize.matlab`, computed by PyTorch on any device."""

from functools import partial

import numpy as np
import torch
from torch import Tensor

from swinsr.image.resize.matlab import Image, Taps, imresize


def imresize_on(
    device: torch.device,
    image: Image,
    *,
    scale: float | None = None,
    size: tuple[int, int] | None = None,
) -> Image:
    """`swinsr.image.resize.matlab.imresize` on a device: bicubic, the same sums in float64.

    Args:
        device: one that has float64.
        image, scale, size: as there.

    Returns:
        What it returns there, to float64 rounding: on a CPU bit for bit.

    Raises:
        ShapeMismatchError, ConfigError: as there.
    """
    return imresize(image, scale=scale, size=size, rows_by=partial(_resize_rows, device))


def _resize_rows(device: torch.device, rows: Image, taps: Taps) -> Image:
    """Resize the first axis: (in, m) -> (out, m), of the same type."""
    given = torch.from_numpy(rows).to(device).double()
    indices = torch.from_numpy(taps.indices.copy()).to(device)
    weights = torch.from_numpy(taps.weights.copy()).to(device)
    total: Tensor = given.new_zeros((weights.shape[1], given.shape[1]))
    for index, weight in zip(indices, weights, strict=True):
        total += given[index] * weight[:, None]
    if rows.dtype.kind == "u":  # halves go up
        total = (total + 0.5).clamp_(0.0, np.iinfo(rows.dtype).max).floor_()
    out: Image = total.cpu().numpy().astype(rows.dtype)
    return out
