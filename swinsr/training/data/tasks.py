"""Tasks: how a picture becomes an input and a target."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from swinsr.degradations import (
    add_gaussian_noise,
    degrade,
    imresize,
    jpeg,
    photograph,
    to_bytes,
    to_float,
)
from swinsr.degradations.photo import UNIT
from swinsr.training.data.crops import choose_place, draw_orientation, turn
from swinsr.training.data.masks import draw_mask
from swinsr.training.data.pictures import Pixels, Resize
from swinsr.training.data.recolour import recoloured
from swinsr.training.recipes.objective import TaskSettings
from swinsr.training.recipes.settings import DataSettings, Recipe

Patch = NDArray[Any]
BLOCK = 8  # side of JPEG's blocks


@dataclass(frozen=True)
class Source:
    """A picture as a task keeps it in memory.

    `target` is what the network shall give, (height, width, channels) uint8; `input` is its
    reduced form where that is the same each time, smaller by the scale, or None.
    """

    target: Pixels
    input: Pixels | None = None


@dataclass(frozen=True)
class Sample:
    """One crop: (height, width, channels) each, uint8 in 0..255 or float32 in 0..1.

    `clean` is the input without its damage where there is some, for networks with an auxiliary
    picture of that size. `mask`, (height, width) bool, is true where a pixel is hidden.
    """

    input: Patch
    target: Patch
    clean: Patch | None = None
    mask: NDArray[np.bool_] | None = None


class Task(Protocol):
    """What the sampler asks of a task."""

    def least_side(self) -> int:
        """The smallest side of a picture that can be cropped, in pixels."""

    def prepare(self, pixels: Pixels) -> Source:
        """Do once what need not be done for each crop."""

    def sample(self, source: Source, rng: np.random.Generator) -> Sample:
        """Cut and degrade one crop; everything random comes from `rng`."""


def cut(image: Pixels, place: tuple[int, int], side: int) -> Pixels:
    """The square of side `side` whose (top, left) corner is at `place`."""
    return image[place[0] : place[0] + side, place[1] : place[1] + side]


class ReducedTask:
    """Super-resolution of pictures reduced by MATLAB's bicubic, and after that perhaps by JPEG."""

    def __init__(
        self,
        scale: int,
        data: DataSettings,
        quality: tuple[int, int] | None,
        resize: Resize = imresize,
    ) -> None:
        """Reduce by `scale`; `quality` is the range of JPEG qualities, None for no JPEG."""
        self.scale, self.data, self.quality, self._resize = scale, data, quality, resize
        # A wider crop goes through JPEG, so that the blocks' edges fall anywhere.
        self.side = data.patch + (BLOCK - 1 if quality else 0)

    def least_side(self) -> int:
        """The smallest side of a picture that can be cropped, in pixels."""
        return self.side * self.scale

    def prepare(self, pixels: Pixels) -> Source:
        """Crop to a multiple of the scale and reduce."""
        scale = self.scale
        height, width = (n - n % scale for n in pixels.shape[:2])
        target = np.ascontiguousarray(pixels[:height, :width])
        return Source(target, self._resize(target, scale=1 / scale))

    def sample(self, source: Source, rng: np.random.Generator) -> Sample:
        """Cut the same place from both pictures."""
        assert source.input is not None
        data, scale = self.data, self.scale
        place = choose_place(source.input, self.side, data.candidates, rng)
        orientation = draw_orientation(rng, flips=data.flips, rotations=data.rotations)
        clean = turn(cut(source.input, place, self.side), orientation)
        top, left = (n * scale for n in place)
        target = turn(cut(source.target, (top, left), self.side * scale), orientation)
        clean, target = recoloured((clean, target), data.recolour, rng)
        if self.quality is None:
            return Sample(clean, target)
        damaged = jpeg(clean, int(rng.integers(self.quality[0], self.quality[1] + 1)))
        inner = (int(rng.integers(BLOCK)), int(rng.integers(BLOCK)))
        top, left = (n * scale for n in inner)
        return Sample(
            cut(damaged, inner, data.patch),
            cut(target, (top, left), data.patch * scale),
            cut(clean, inner, data.patch),
        )


class DamageTask(ABC):
    """Base of the tasks that damage a crop of the picture itself."""

    margin = 0  # pixels of the input that are cut away again after the damage

    def __init__(self, recipe: Recipe) -> None:
        """As the recipe's sections say."""
        self.recipe, self.scale = recipe, recipe.scale

    def least_side(self) -> int:
        """The smallest side of a picture that can be cropped, in pixels."""
        return (self.recipe.data.patch + self.margin) * self.scale

    def prepare(self, pixels: Pixels) -> Source:
        """Keep the picture as it is."""
        return Source(pixels)

    @abstractmethod
    def damage(self, target: Pixels, rng: np.random.Generator) -> Patch:
        """The input for a crop, smaller by the scale."""

    def sample(self, source: Source, rng: np.random.Generator) -> Sample:
        """Cut, turn, damage, and cut the margin away at a random offset."""
        data, scale = self.recipe.data, self.scale
        place = choose_place(source.target, self.least_side(), data.candidates, rng)
        orientation = draw_orientation(rng, flips=data.flips, rotations=data.rotations)
        target = turn(cut(source.target, place, self.least_side()), orientation)
        (target,) = recoloured((target,), data.recolour, rng)
        damaged = self.damage(target, rng)
        inner = (int(rng.integers(self.margin + 1)), int(rng.integers(self.margin + 1)))
        top, left = (n * scale for n in inner)
        return Sample(cut(damaged, inner, data.patch), cut(target, (top, left), data.patch * scale))


class DenoiseTask(DamageTask):
    """Gaussian noise of a fixed or a random strength."""

    def damage(self, target: Pixels, rng: np.random.Generator) -> Patch:
        """Add noise; rounded to 8 bits where the recipe says so."""
        settings: TaskSettings = self.recipe.task
        noisy = add_gaussian_noise(to_float(target), rng.uniform(*settings.sigma), rng)
        return to_bytes(noisy) if settings.quantise else noisy


class JpegTask(DamageTask):
    """JPEG artefacts of a fixed or a random quality, blocks anywhere."""

    margin = BLOCK - 1

    def damage(self, target: Pixels, rng: np.random.Generator) -> Patch:
        """Encode and decode."""
        low, high = self.recipe.task.quality
        return jpeg(target, int(rng.integers(low, high + 1)))


class PhotoTask(DamageTask):
    """The slight damage of section [photo]."""

    margin = UNIT - 1

    def damage(self, target: Pixels, rng: np.random.Generator) -> Patch:
        """Reduce; blur, noise and JPEG at times."""
        return photograph(target, self.scale, self.recipe.photo, rng)


class RealTask(DamageTask):
    """The real-world pipeline of section [real]."""

    margin = BLOCK - 1

    def damage(self, target: Pixels, rng: np.random.Generator) -> Patch:
        """Blur, resize, noise, JPEG, twice."""
        return degrade(target, self.scale, self.recipe.real, rng)


class MaskedTask:
    """Crops of which parts are hidden; what the network sees whole is what it shall give.

    The body of a network that enlarges sees small pictures: it is trained on pictures reduced by
    its scale.
    """

    def __init__(self, recipe: Recipe, resize: Resize = imresize) -> None:
        """As the recipe's sections say."""
        self.recipe, self.scale, self._resize = recipe, recipe.scale, resize

    def least_side(self) -> int:
        """The smallest side of a picture that can be cropped, in pixels of the target."""
        return self.recipe.data.patch * self.scale

    def prepare(self, pixels: Pixels) -> Source:
        """Reduce by the scale."""
        if self.scale == 1:
            return Source(pixels)
        return Source(self._resize(pixels, scale=1 / self.scale))

    def sample(self, source: Source, rng: np.random.Generator) -> Sample:
        """Cut, turn, and draw a mask."""
        data, task = self.recipe.data, self.recipe.task
        place = choose_place(source.target, data.patch, data.candidates, rng)
        orientation = draw_orientation(rng, flips=data.flips, rotations=data.rotations)
        crop = turn(cut(source.target, place, data.patch), orientation)
        mask = draw_mask(data.patch, data.patch, task.mask_patch, task.mask_ratio, rng)
        return Sample(crop, crop, mask=mask)


def make_task(recipe: Recipe, resize: Resize = imresize) -> Task:
    """The task a recipe names; `resize` is what reduces whole pictures."""
    name, scale = recipe.task.name, recipe.scale
    if name in ("bicubic", "compressed"):
        quality = recipe.task.quality if name == "compressed" else None
        return ReducedTask(scale, recipe.data, quality, resize)
    if name == "simmim":
        return MaskedTask(recipe, resize)
    tasks: dict[str, type[DamageTask]] = {
        "denoise": DenoiseTask,
        "jpeg": JpegTask,
        "photo": PhotoTask,
        "real": RealTask,
    }
    return tasks[name](recipe)
