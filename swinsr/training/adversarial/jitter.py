"""A random offset at which pictures are judged.

The gradient of a strided convolution repeats with its stride. Judged always at the same place, a
network that ends in a pixel shuffle learns that pattern as a grid of its own pixels.
"""

import torch
from torch import Tensor

# Rows and columns left out in all: the offsets are 0 to this, and sides stay multiples of it.
REACH = 8


def jitter(*pictures: Tensor) -> tuple[Tensor, ...]:
    """Crop all (batch, channels, H, W) alike to H - 8, W - 8, at a random offset.

    Nothing is read back to the host. Sides of 16 and less are left whole.
    """
    cropped = list(pictures)
    for axis in (2, 3):
        side = pictures[0].shape[axis] - REACH
        if side <= REACH:
            continue
        device = pictures[0].device
        rows = torch.randint(0, REACH + 1, (1,), device=device) + torch.arange(side, device=device)
        cropped = [picture.index_select(axis, rows) for picture in cropped]
    return tuple(cropped)
