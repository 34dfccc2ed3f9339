"""Batches that depend on the seed, the step and the place in the batch, and on nothing else.

There is no state to save: whoever asks for step n gets the crops of step n, after a resume, in
another process, or with the batch divided among another number of processes.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from swinsr.errors import ConfigError
from swinsr.training.data.pictures import Picture
from swinsr.training.data.tasks import Patch, Sample, Source, Task

# Input, target, clean input and mask of a batch; None for what a task does not have.
Tensors = Sequence[Tensor | None]


@dataclass(frozen=True)
class Batch:
    """Input (batch, C, h, w) and target (batch, C, h * scale, w * scale), as sampled.

    `clean` is the input without its damage, None where it has none; `mask` (batch, h, w) bool is
    true where pixels are hidden, None where none are.
    """

    step: int
    input: Tensor
    target: Tensor
    clean: Tensor | None = None
    mask: Tensor | None = None

    @property
    def tensors(self) -> Tensors:
        """Input, target, clean input and mask: what a step is given."""
        return (self.input, self.target, self.clean, self.mask)

    def pin_memory(self) -> "Batch":
        """The same in memory that a GPU copies from while the host goes on."""
        pinned = [None if t is None else t.pin_memory() for t in self.tensors]
        return batch_of(self.step, pinned)


@dataclass(frozen=True)
class Part:
    """One process's share of a global batch: places `rank`, `rank + world`, ..."""

    rank: int = 0
    world: int = 1

    def places(self, batch: int) -> range:
        """The places in the global batch that are this process's."""
        return range(self.rank, batch, self.world)


class Sampler:
    """Cuts crops from prepared pictures, larger pictures in proportion more often."""

    def __init__(self, sources: list[Source], task: Task, batch: int, seed: int) -> None:
        """`batch` is the global one."""
        self.sources, self.task, self.batch, self.seed = sources, task, batch, seed
        areas = np.array([s.target.shape[0] * s.target.shape[1] for s in sources], np.float64)
        self._upto = np.cumsum(areas) / areas.sum()

    def load(self, step: int, part: Part | None = None) -> Batch:
        """This process's crops of one step."""
        places = (part or Part()).places(self.batch)
        rngs = (np.random.default_rng([self.seed, step, place]) for place in places)
        return stacked(step, [self.sample(rng) for rng in rngs])

    def sample(self, rng: np.random.Generator) -> Sample:
        """One crop; everything random comes from `rng`."""
        source = min(int(np.searchsorted(self._upto, rng.random())), len(self.sources) - 1)
        return self.task.sample(self.sources[source], rng)


def batch_of(step: int, tensors: Tensors) -> Batch:
    """A batch of what `Batch.tensors` gives."""
    source, target, clean, mask = tensors
    assert source is not None
    assert target is not None
    return Batch(step, source, target, clean, mask)


def stacked(step: int, samples: list[Sample]) -> Batch:
    """A batch of samples, one at least."""
    clean = [s.clean for s in samples if s.clean is not None]
    masks = [s.mask for s in samples if s.mask is not None]
    return Batch(
        step,
        _stack([s.input for s in samples]),
        _stack([s.target for s in samples]),
        _stack(clean) if clean else None,
        torch.from_numpy(np.stack(masks)) if masks else None,
    )


def _stack(patches: list[Patch]) -> Tensor:
    """(height, width, channels) each -> (batch, channels, height, width)."""
    return torch.from_numpy(np.stack([p.transpose(2, 0, 1) for p in patches]))


def prepare_sources(pictures: tuple[Picture, ...], task: Task) -> tuple[list[Source], int]:
    """Prepare what is large enough.

    Returns:
        The prepared pictures, and how many were left out because they are too small.

    Raises:
        ConfigError: all of them are too small.
    """
    least = task.least_side()
    fitting = [p for p in pictures if min(p.pixels.shape[:2]) >= least]
    if not fitting:
        raise ConfigError(
            f"All {len(pictures)} training pictures are smaller than the {least}x{least} pixels of "
            "a crop; lower data.patch or take larger pictures"
        )
    with ThreadPoolExecutor() as pool:
        sources = list(pool.map(lambda p: task.prepare(p.pixels), fitting))
    return sources, len(pictures) - len(fitting)
