"""Tasks: how a picture becomes an input and a target."""

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from swinsr.degradations import imresize
from swinsr.training.crops import choose_place, draw_orientation, turn
from swinsr.training.pictures import Pixels
from swinsr.training.settings import DataSettings, Recipe

Patch = NDArray[Any]


@dataclass(frozen=True)
class Source:
    """A picture as a task keeps it in memory.

    `target` is what the network shall give, (height, width, channels) uint8; `input` is its
    degraded form where that is the same each time, smaller by the scale, or None.
    """

    target: Pixels
    input: Pixels | None = None


@dataclass(frozen=True)
class Sample:
    """One crop: input and target, (height, width, channels), uint8 or float32 in 0..255."""

    input: Patch
    target: Patch


class Task(Protocol):
    """What the sampler and the loop ask of a task."""

    scale: int

    def fits(self, pixels: Pixels) -> bool:
        """Whether a picture is large enough to be cropped."""

    def prepare(self, pixels: Pixels) -> Source:
        """Do once what need not be done for each crop."""

    def sample(self, source: Source, rng: np.random.Generator) -> Sample:
        """Cut and degrade one crop; everything random comes from `rng`."""


class BicubicTask:
    """Super-resolution of pictures reduced by MATLAB's antialiased bicubic."""

    def __init__(self, scale: int, data: DataSettings) -> None:
        """Reduce by `scale`."""
        self.scale, self.data = scale, data

    def fits(self, pixels: Pixels) -> bool:
        """Whether a picture is large enough to be cropped."""
        return bool(min(pixels.shape[:2]) // self.scale >= self.data.patch)

    def prepare(self, pixels: Pixels) -> Source:
        """Crop to a multiple of the scale and reduce."""
        scale = self.scale
        height, width = (n - n % scale for n in pixels.shape[:2])
        target = np.ascontiguousarray(pixels[:height, :width])
        return Source(target, imresize(target, scale=1 / scale))

    def sample(self, source: Source, rng: np.random.Generator) -> Sample:
        """Cut the same place from both pictures."""
        assert source.input is not None
        data, scale = self.data, self.scale
        top, left = choose_place(source.input, data.patch, data.candidates, rng)
        orientation = draw_orientation(rng, flips=data.flips, rotations=data.rotations)
        low = source.input[top : top + data.patch, left : left + data.patch]
        side = data.patch * scale
        top, left = top * scale, left * scale
        high = source.target[top : top + side, left : left + side]
        return Sample(turn(low, orientation), turn(high, orientation))


def make_task(recipe: Recipe) -> Task:
    """The task a recipe names."""
    return BicubicTask(recipe.network.scale, recipe.data)
