"""Relative positions inside a window: V1's table index and V2's log-spaced coordinates."""

import torch
from torch import Tensor


def relative_position_index(window: int) -> Tensor:
    """Row of the bias table for each pair of pixels in a window.

    Returns:
        (window ** 2, window ** 2) int64 in 0 .. (2 * window - 1) ** 2 - 1; entry (i, j) is the
        offset of pixel i from pixel j, row-major.

    Source: Swin, arXiv:2103.14030, section 3.2.
    """
    grid = torch.arange(window)
    ys, xs = torch.meshgrid(grid, grid, indexing="ij")
    ys, xs = ys.flatten(), xs.flatten()
    dy = ys[:, None] - ys[None, :] + window - 1
    dx = xs[:, None] - xs[None, :] + window - 1
    return dy * (2 * window - 1) + dx


def relative_coords_table(window: int, pretrained_window: int = 0) -> Tensor:
    """Log-spaced offsets that V2's position network is evaluated on.

    Args:
        window: side of the window, in pixels.
        pretrained_window: side of the window the weights were trained at; 0 for the same.

    Returns:
        (2 * window - 1, 2 * window - 1, 2) float32: sign(d) log2(1 + 8 |d| / s) / log2(8), with s
        the largest offset in the pretrained window.

    Source: Swin V2, arXiv:2111.09883, equation 4, with the published code's normalisation to 8.
    """
    offsets = torch.arange(-(window - 1), window, dtype=torch.float32)
    largest = (pretrained_window or window) - 1
    scaled = 8.0 * offsets / max(largest, 1)
    spaced = torch.sign(scaled) * torch.log2(scaled.abs() + 1.0) / 3.0
    return torch.stack(torch.meshgrid(spaced, spaced, indexing="ij"), dim=-1)
