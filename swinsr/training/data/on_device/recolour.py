"""Crops of other colours, as `swinsr.training.data.recolour` makes them, for a whole batch."""

import itertools

import torch
from torch import Tensor

from swinsr.training.data.on_device.philox import below, share
from swinsr.training.data.recolour import BRIGHTNESS, CONTRAST, NEGATIVE

# Random words that a place takes.
WORDS = 5


class Recolour:
    """Changes crops of one place alike, in a share of the places."""

    def __init__(self, often: float, channels: int, device: torch.device) -> None:
        """`often` is how often anything is changed, 0 to 1."""
        self._often = often
        orders = list(itertools.permutations(range(channels)))
        self._orders = torch.tensor(orders, device=device)
        # The darkest last, for the negative.
        levels = torch.arange(256, device=device, dtype=torch.float64) / 255.0
        self._levels = torch.stack([levels, levels.flip(0)])

    def __call__(self, crops: tuple[Tensor, ...], word: Tensor) -> tuple[Tensor, ...]:
        """New crops.

        Args:
            crops: (batch, channels, side, side) uint8 each.
            word: (batch, `WORDS`) random words.
        """
        if not self._often:
            return crops
        changes = share(word[:, 0]) < self._often
        order = self._orders[torch.where(changes, below(word[:, 1], len(self._orders)), 0)]
        low, high = CONTRAST
        contrast = torch.where(changes, low + (high - low) * share(word[:, 2]), 1.0)
        brightness = -BRIGHTNESS + 2 * BRIGHTNESS * share(word[:, 3])
        offset = torch.where(changes, 0.5 * (1 - contrast) + brightness, 0.0)
        levels = self._levels[(changes & (share(word[:, 4]) < NEGATIVE)).long()]
        values = (contrast[:, None] * levels + offset[:, None]).clamp_(0, 1)
        table = values.mul_(255).round_().to(torch.uint8)
        return tuple(_changed(crop, table, order) for crop in crops)


def _changed(crop: Tensor, table: Tensor, order: Tensor) -> Tensor:
    """Channels in another order, then each byte replaced by the table's, (batch, 256)."""
    moved = crop.gather(1, order[:, :, None, None].expand_as(crop))
    return table.gather(1, moved.flatten(1).long()).view_as(moved)
