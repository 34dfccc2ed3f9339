"""Pictures in one tensor of bytes, and squares cut from them all at once."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

Pixels = NDArray[np.uint8]


class Packed:
    """Pictures of several sizes, row after row and picture after picture, as bytes."""

    def __init__(self, pictures: Sequence[Pixels], device: torch.device) -> None:
        """Copy them to the device.

        Args:
            pictures: (height, width, channels) each, of the same number of channels.
            device: where squares are cut.
        """
        self.channels = pictures[0].shape[2]
        sizes = np.array([picture.shape[:2] for picture in pictures], np.int64)
        ends = np.cumsum(sizes[:, 0] * sizes[:, 1])
        self.pixels = torch.empty((int(ends[-1]), self.channels), dtype=torch.uint8, device=device)
        starts = np.concatenate([[0], ends[:-1]])
        # One by one: beside the pictures the host holds no second copy of all.
        for start, picture in zip(starts, pictures, strict=True):
            flat = torch.from_numpy(np.ascontiguousarray(picture)).reshape(-1, self.channels)
            self.pixels[int(start) : int(start) + len(flat)] = flat.to(device)
        self.starts = torch.from_numpy(starts).to(device)
        self.heights, self.widths = torch.from_numpy(sizes.T.copy()).to(device)

    def squares(
        self, number: Tensor, top: Tensor, left: Tensor, side: int, orientation: Tensor
    ) -> Tensor:
        """Cut one square for each place, turned as `swinsr.training.data.crops.turn` does.

        Args:
            number: (batch,) int64, which picture.
            top, left: (batch,) int64, the corner.
            side: in pixels.
            orientation: (batch,) int64, 0..7.

        Returns:
            (batch, channels, side, side) uint8.
        """
        rows, columns = _turned(side, orientation)
        return self.pixels[self._at(number, top, left, rows, columns)].permute(0, 3, 1, 2)

    def middle(self, number: Tensor, top: Tensor, left: Tensor, side: int) -> Tensor:
        """The middle channel of several upright squares of a picture.

        Args:
            number: (batch,) int64.
            top, left: (batch, candidates) int64.
            side: in pixels.

        Returns:
            (batch, candidates, side, side) uint8.
        """
        across = torch.arange(side, device=top.device)
        count = top.shape[1]
        found = self._at(
            number.repeat_interleave(count), top.flatten(), left.flatten(),
            across[:, None], across[None, :],
        )  # fmt: skip
        values: Tensor = self.pixels[:, self.channels // 2][found]
        return values.view(-1, count, side, side)

    def _at(
        self, number: Tensor, top: Tensor, left: Tensor, rows: Tensor, columns: Tensor
    ) -> Tensor:
        """Rows of `pixels`: (batch, side, side)."""
        corner = self.starts[number] + top * self.widths[number] + left
        rows = rows * self.widths[number][:, None, None]
        found: Tensor = corner[:, None, None] + rows + columns
        return found


def _turned(side: int, orientation: Tensor) -> tuple[Tensor, Tensor]:
    """Row and column of the upright square at each pixel of the turned one, (batch, side, side)."""
    across = torch.arange(side, device=orientation.device)
    quarters, mirrored = (orientation & 3)[:, None, None], (orientation & 4)[:, None, None] > 0
    down, right = across[None, :, None], across[None, None, :]
    right = torch.where(mirrored, side - 1 - right, right)
    sideways = quarters % 2 == 1
    rows, columns = torch.where(sideways, right, down), torch.where(sideways, down, right)
    return (
        torch.where(quarters >= 2, side - 1 - rows, rows),
        torch.where((quarters == 1) | (quarters == 2), side - 1 - columns, columns),
    )
