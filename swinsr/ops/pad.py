"""Padding to a multiple of the window, at the bottom and right, by reflection."""

import torch
import torch.nn.functional as F
from torch import Tensor


def pad_to_multiple(x: Tensor, multiple: int) -> Tensor:
    """Reflect a picture at its bottom and right edge up to the next multiple.

    Where a side is too short for one reflection (pad >= side) it is mirrored again and again, as
    numpy's "reflect" mode does; a side of one pixel is repeated.

    Args:
        x: (batch, C, H, W), H, W >= 1.
        multiple: what both sides shall divide by.

    Returns:
        (batch, C, H', W') with H <= H' < H + multiple, the same for W.
    """
    height, width = x.shape[-2:]
    below, right = -height % multiple, -width % multiple
    if not below and not right:
        return x
    if below < height and right < width:
        return F.pad(x, (0, right, 0, below), mode="reflect")
    rows = _mirrored(height, below, x.device)
    columns = _mirrored(width, right, x.device)
    return x.index_select(-2, rows).index_select(-1, columns)


def _mirrored(side: int, pad: int, device: torch.device) -> Tensor:
    """Indices 0 .. side + pad - 1 folded back into 0 .. side - 1."""
    period = max(2 * (side - 1), 1)
    index = torch.arange(side + pad, device=device) % period
    return torch.where(index < side, index, period - index)
