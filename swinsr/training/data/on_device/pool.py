"""Samples that the processor makes, kept in a pool on the device that is renewed all along.

Each place in the batch has a shelf of samples, of which a step draws one. One in `data.reuse`
places gets a new sample in each step, in place of its oldest: so every sample is drawn about as
often. Which samples are on a shelf follows from the step's number, whatever the machine's speed:
where the processor does not keep up, the step waits for it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from swinsr.training.data.on_device import philox
from swinsr.training.data.sampler import Batch, Part, Sampler, Tensors, stacked
from swinsr.training.recipes.settings import Recipe

# Apart from the numbers that make the samples of a step.
_STREAM = 0x706F6F6C


@dataclass(frozen=True)
class Delivery:
    """New samples: for each its shelf, among this process's own, and its slot there."""

    where: tuple[tuple[int, int], ...] = ()
    samples: Batch | None = None

    def pin_memory(self) -> "Delivery":
        """The same in memory that a GPU copies from while the host goes on."""
        return Delivery(self.where, None if self.samples is None else self.samples.pin_memory())


@dataclass(frozen=True)
class Deliveries:
    """What fills the pool before the first step of a run, and renews it before the others.

    Attributes:
        sampler: makes the samples.
        first: the first step.
        depth: samples on a shelf.
        reuse: steps after which a shelf gets a new one.
    """

    sampler: Sampler
    first: int
    depth: int
    reuse: int

    def load(self, number: int, part: Part) -> Delivery:
        """What comes before step `number`; the `depth` numbers before `first` fill the pool."""
        fills = number < self.first
        if number == self.first:
            return Delivery()
        step = self.first if fills else number
        age = number - self.first + self.depth if fills else self.depth - 1
        where, samples = [], []
        for shelf, place in enumerate(part.places(self.sampler.batch)):
            renewed, since = divmod(step + place % self.reuse, self.reuse)
            if since and not fills:
                continue
            sample = renewed + age
            where.append((shelf, sample % self.depth))
            seeds = [self.sampler.seed, _STREAM, place, sample]
            samples.append(self.sampler.sample(np.random.default_rng(seeds)))
        return Delivery(tuple(where), stacked(number, samples)) if where else Delivery()


class Pool:
    """The shelves of this process's places; `draw` gives a step's batch."""

    def __init__(self, recipe: Recipe, part: Part, device: torch.device) -> None:
        """Nothing is there yet.

        Args:
            recipe: whose `data.pool` and `data.reuse` are taken.
            part: this process's share of a batch.
            device: where the samples are.
        """
        self._depth, self._seed = recipe.data.pool, recipe.run.seed
        self._places = torch.tensor(list(part.places(recipe.data.batch)), device=device)
        self._device = device
        self._shelves: list[Tensor | None] = []

    def put(self, delivery: Delivery) -> None:
        """Replace samples; the host goes on before they are there."""
        if delivery.samples is None:
            return
        given = delivery.samples.tensors
        if not self._shelves:
            shape = (self._depth, len(self._places))
            self._shelves = [
                None if t is None else t.new_zeros((*shape, *t.shape[1:]), device=self._device)
                for t in given
            ]
        for shelves, samples in zip(self._shelves, given, strict=True):
            if shelves is None or samples is None:
                continue
            for (shelf, slot), sample in zip(delivery.where, samples, strict=True):
                shelves[slot, shelf].copy_(sample, non_blocking=True)

    def draw(self, step: Tensor) -> Tensors:
        """One sample of each shelf.

        Args:
            step: its number, an int64 scalar of the device.
        """
        word = philox.words(step, self._places, 1, self._seed, philox.POOL)[:, 0]
        count = len(self._places)
        slot = philox.below(word, self._depth) * count
        chosen = slot + torch.arange(count, device=self._device)
        return [None if s is None else s.flatten(0, 1)[chosen] for s in self._shelves]
