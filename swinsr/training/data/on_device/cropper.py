"""Crops cut, turned, recoloured and damaged on the device, a batch at a time.

What is drawn has the distributions of `Sampler.load`, and what is made of it is the same; the
random numbers are others.
"""

import math

import numpy as np
import torch
from torch import Tensor

from swinsr.training.data.on_device import philox
from swinsr.training.data.on_device.packed import Packed
from swinsr.training.data.on_device.recolour import WORDS, Recolour
from swinsr.training.data.sampler import Part, Tensors
from swinsr.training.data.tasks import Source
from swinsr.training.recipes.settings import Recipe

# Tasks whose damage is arithmetic on pixels.
TASKS = ("bicubic", "denoise", "simmim")


class Cropper:
    """Holds the pictures of a run; `draw` gives a step's batch."""

    def __init__(
        self, sources: list[Source], recipe: Recipe, part: Part, device: torch.device
    ) -> None:
        """Copy the pictures to the device.

        Args:
            sources: as the task prepared them.
            recipe: of one of `TASKS`.
            part: this process's share of a batch.
            device: one that has float64.
        """
        data, channels = recipe.data, recipe.network.in_chans
        self._recipe, self._task, self._data = recipe, recipe.task, data
        self._targets = Packed([source.target for source in sources], device)
        reduced = [source.input for source in sources if source.input is not None]
        self._inputs = Packed(reduced, device) if reduced else None
        # Crops are chosen where the network sees them.
        self._seen = self._targets if self._inputs is None else self._inputs
        areas = np.array([s.target.shape[0] * s.target.shape[1] for s in sources], np.float64)
        self._upto = torch.from_numpy(np.cumsum(areas) / areas.sum()).to(device)
        self._places = torch.tensor(list(part.places(data.batch)), device=device)
        often = 0.0 if recipe.task.name == "simmim" else data.recolour
        self._recolour = Recolour(often, channels, device)

    def draw(self, step: Tensor) -> Tensors:
        """Input, target, None, and the mask or None, of a step.

        Args:
            step: its number, an int64 scalar of the device.
        """
        data, side, seed = self._data, self._data.patch, self._recipe.run.seed
        word = philox.words(step, self._places, 3 + 2 * data.candidates + WORDS, seed, philox.CROPS)
        number = torch.searchsorted(self._upto, philox.share(word[:, 0]))
        number = number.clamp_(max=len(self._upto) - 1)
        top, left = self._corner(number, word[:, 3 : 3 + 2 * data.candidates])
        turned = philox.below(word[:, 1], 8)
        turned = turned & ((3 if data.rotations else 0) | (4 if data.flips else 0))
        crops = [self._seen.squares(number, top, left, side, turned)]
        if self._inputs is not None:
            scale = self._recipe.scale
            corner = (top * scale, left * scale)
            crops.append(self._targets.squares(number, *corner, side * scale, turned))
        crops = list(self._recolour(tuple(crops), word[:, -WORDS:]))
        if self._task.name == "denoise":
            noisy = self._noisy(crops[0], philox.share(word[:, 2]), step)
            return [noisy, crops[0], None, None]
        mask = self._mask(step) if self._task.name == "simmim" else None
        return [crops[0], crops[-1], None, mask]

    def _corner(self, number: Tensor, word: Tensor) -> tuple[Tensor, Tensor]:
        """Top and left of the most textured of some places, (batch,) each."""
        count, side = self._data.candidates, self._data.patch
        above = philox.below(word[:, :count], (self._seen.heights[number] - side + 1)[:, None])
        beside = philox.below(word[:, count:], (self._seen.widths[number] - side + 1)[:, None])
        if count == 1:
            return above[:, 0], beside[:, 0]
        values = self._seen.middle(number, above, beside, side).short()
        texture = (values[..., 1:, :] - values[..., :-1, :]).abs_().sum((2, 3))
        texture += (values[..., 1:] - values[..., :-1]).abs_().sum((2, 3))
        # Of equals the first, as `choose_place` has it.
        order = torch.arange(count, device=word.device)
        best = (texture * count + (count - 1 - order)).argmax(1, keepdim=True)
        return above.gather(1, best)[:, 0], beside.gather(1, best)[:, 0]

    def _noisy(self, target: Tensor, strength: Tensor, step: Tensor) -> Tensor:
        """Gaussian noise of the recipe's range, `strength` from 0 to 1 within it."""
        low, high = self._task.sigma
        sigma = ((low + (high - low) * strength) / 255).float()
        values = math.prod(target.shape[1:])
        word = philox.words(
            step, self._places, values + values % 2, self._recipe.run.seed, philox.NOISE
        )
        noise = philox.normal(word)[:, :values].view(target.shape)
        noisy = target.float() / 255 + noise * sigma[:, None, None, None]
        if not self._task.quantise:
            return noisy
        return noisy.clamp_(0, 1).mul_(255).round_().to(torch.uint8)

    def _mask(self, step: Tensor) -> Tensor:
        """(batch, patch, patch) bool, as `swinsr.training.data.masks.draw_mask` draws."""
        patch, side = self._task.mask_patch, self._data.patch
        rows = side // patch
        word = philox.words(step, self._places, rows * rows, self._recipe.run.seed, philox.MASK)
        hidden = math.ceil(rows * rows * self._task.mask_ratio)
        rank = word.argsort(dim=1).argsort(dim=1)
        squares = (rank < hidden).view(-1, rows, rows)
        return squares.repeat_interleave(patch, 1).repeat_interleave(patch, 2)
