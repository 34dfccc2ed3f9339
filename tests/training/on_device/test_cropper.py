"""Crops made on the device: what the processor makes of the same draws, drawn as often."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from swinsr.runtime.graph import CudaGraph
from swinsr.training.data.crops import turn
from swinsr.training.data.on_device import philox
from swinsr.training.data.on_device.cropper import Cropper
from swinsr.training.data.on_device.drawn import Drawn
from swinsr.training.data.on_device.packed import Packed
from swinsr.training.data.pictures import Picture
from swinsr.training.data.sampler import Batch, Part, Sampler, batch_of, prepare_sources
from swinsr.training.data.tasks import cut, make_task
from swinsr.training.recipes.settings import Recipe
from swinsr.training.weights.setup import read_data
from tests.training.recording import Recording, Replayed
from tests.training.tiny import tiny_recipe, waves

CPU = torch.device("cpu")
RESTORES = {"upscale": 1, "upsampler": ""}
TASKS: dict[str, dict[str, Any]] = {
    "bicubic": {},
    "bicubic x3, gray, upright": {
        "network": {"upscale": 3, "in_chans": 1},
        "data": {"flips": False, "rotations": False},
    },
    "one candidate, no turns": {"data": {"candidates": 1, "rotations": False, "recolour": 0.0}},
    "denoise": {"network": RESTORES, "task": {"name": "denoise", "sigma": [5, 50]}},
    "denoise, floats, gray": {
        "network": RESTORES | {"in_chans": 1},
        "task": {"name": "denoise", "quantise": False},
    },
    "simmim": {"task": {"name": "simmim", "mask_patch": 2, "mask_ratio": 0.55}},
}


def made(
    folder: Path, part: Part | None = None, **sections: Any
) -> tuple[Recipe, Sampler, Cropper]:
    sections["data"] = {"recolour": 0.7, "batch": 6} | sections.get("data", {})
    recipe = tiny_recipe(folder, **sections)
    sampler = read_data(recipe).sampler
    return recipe, sampler, Cropper(sampler.sources, recipe, part or Part(), CPU)


def draw(cropper: Cropper, step: int) -> Batch:
    return batch_of(step, cropper.draw(torch.tensor(step)))


class Scripted:
    """A generator whose numbers are those that the device drew for a place."""

    def __init__(self, recipe: Recipe, step: int, place: int) -> None:
        seed, places, number = recipe.run.seed, torch.tensor([place]), torch.tensor(step)
        count = recipe.data.candidates
        values = count * 2 + 8
        self.word = philox.words(number, places, values, seed, philox.CROPS)[0]
        self.share = philox.share(self.word).tolist()
        side = recipe.data.patch**2 * recipe.network.in_chans
        self.noise = philox.normal(
            philox.words(number, places, side + side % 2, seed, philox.NOISE)
        )[0, :side]
        squares = (recipe.data.patch // recipe.task.mask_patch) ** 2
        self.keys = philox.words(number, places, max(squares, 1), seed, philox.MASK)[0]
        corners = self.word[3 : 3 + 2 * count]
        self._corners = [corners[:count], corners[count:]]
        last = self.share[-5:]
        # The source; whether anything is changed; whether it is the negative.
        self._random = [self.share[0], last[0], last[4]]
        turned = int(self.word[1]) * 8 >> 32
        self._whole = [turned & 3, turned >> 2]
        self._sigma, self._recolour = self.share[2], [last[2], last[3]]
        self._order = int(self.word[-4])

    def random(self) -> float:
        return self._random.pop(0)

    def integers(self, low: int, high: int | None = None, size: int | None = None) -> Any:
        if size is not None:
            assert low == 0 and high is not None
            return philox.below(self._corners.pop(0), high).numpy()
        return 0 if low == 1 else self._whole.pop(0)

    def permutation(self, count: int) -> Any:
        if count == len(self.keys) and count > 3:
            return self.keys.argsort().numpy()
        orders = list(itertools.permutations(range(count)))
        return np.array(orders[self._order * len(orders) >> 32])

    def uniform(self, low: float, high: float) -> float:
        within = self._recolour.pop(0) if high < 2 else self._sigma
        return low + (high - low) * within

    def standard_normal(self, shape: tuple[int, ...], dtype: type) -> Any:
        height, width, channels = shape
        return self.noise.view(channels, height, width).permute(1, 2, 0).numpy()


@pytest.mark.parametrize("name", TASKS)
def test_of_the_same_draws_the_processor_makes_the_same_crops(tmp_path: Path, name: str) -> None:
    recipe, sampler, cropper = made(tmp_path, **TASKS[name])
    changed = 0
    for step in range(5):
        batch = draw(cropper, step)
        for place in range(recipe.data.batch):
            sample = sampler.sample(Scripted(recipe, step, place))  # type: ignore[arg-type]
            for found, expected in ((batch.input, sample.input), (batch.target, sample.target)):
                pixels = found[place].permute(1, 2, 0).numpy()
                assert pixels.dtype == expected.dtype
                if pixels.dtype == np.uint8:
                    assert np.array_equal(pixels, expected)
                else:
                    np.testing.assert_allclose(pixels, expected, atol=1e-7, rtol=0)
            assert (batch.mask is None) == (sample.mask is None)
            if batch.mask is not None:
                assert np.array_equal(batch.mask[place].numpy(), sample.mask)
            changed += int(len(np.unique(sample.target)) > 4)
    assert changed == 5 * recipe.data.batch


def test_squares_are_cut_and_turned_as_single_ones_are() -> None:
    pictures = [waves(9, 12, 0), waves(7, 7, 1), waves(20, 8, 2)]
    packed = Packed(pictures, CPU)
    places = [(n, t, c, o) for n in range(3) for t, c in ((0, 0), (1, 2)) for o in range(8)]
    number, top, left, orientation = (torch.tensor(v) for v in zip(*places, strict=True))
    found = packed.squares(number, top, left, 5, orientation)
    for (n, t, c, o), square in zip(places, found, strict=True):
        expected = turn(cut(pictures[n], (t, c), 5), o)
        assert np.array_equal(square.permute(1, 2, 0).numpy(), expected)


def test_steps_differ_and_the_same_step_is_the_same(tmp_path: Path) -> None:
    _, _, cropper = made(tmp_path)
    again = made(tmp_path)[2]
    first = draw(cropper, 3)
    assert not torch.equal(first.input, draw(cropper, 4).input)
    for a, b in zip(first.tensors, draw(again, 3).tensors, strict=True):
        assert (a is None and b is None) or (a is not None and b is not None and a.equal(b))


@pytest.mark.parametrize("name", ["bicubic", "denoise", "simmim"])
def test_processes_share_the_batch_of_one(tmp_path: Path, name: str) -> None:
    whole = draw(made(tmp_path, **TASKS[name])[2], 7)
    for rank in range(3):
        part = draw(made(tmp_path, Part(rank, 3), **TASKS[name])[2], 7)
        for own, all_of in zip(part.tensors, whole.tensors, strict=True):
            assert own is None or (all_of is not None and own.equal(all_of[rank::3]))


@pytest.mark.parametrize("name", TASKS)
def test_a_draw_asks_nothing_of_the_host_and_is_the_same_work(tmp_path: Path, name: str) -> None:
    _, _, cropper = made(tmp_path, **TASKS[name])
    works = []
    for step in range(3):
        number = torch.tensor(step)
        with Recording() as recording:
            cropper.draw(number)
        works.append(recording.work)
    assert works[0] == works[1] == works[2]


@pytest.mark.parametrize("name", ["bicubic", "simmim"])
def test_replayed_draws_are_those_of_their_steps_and_stay(tmp_path: Path, name: str) -> None:
    _, _, cropper = made(tmp_path, **TASKS[name])
    drawn = Drawn(cropper.draw, CPU, Replayed)
    found = [drawn(step) for step in (4, 5, 9)]
    for step, tensors in zip((4, 5, 9), found, strict=True):
        for a, b in zip(tensors, cropper.draw(torch.tensor(step)), strict=True):
            assert (a is None and b is None) or (a is not None and b is not None and a.equal(b))


def two_samples(first: np.ndarray, second: np.ndarray) -> float:
    """Chi-square of two histograms of as many draws, in standard deviations above its mean."""
    both = first + second
    used = both > 0
    square = ((first - second) ** 2)[used] / both[used]
    freedom = int(used.sum()) - 1
    return float((square.sum() - freedom) / np.sqrt(2 * freedom))


@pytest.mark.parametrize("candidates", [1, 4])
def test_places_are_drawn_as_often_as_the_processor_draws_them(
    tmp_path: Path, candidates: int
) -> None:
    """Sources, corners and orientations, read off pixels that name their place."""
    data = {"batch": 4000, "candidates": candidates, "patch": 4}
    recipe = tiny_recipe(tmp_path, network=RESTORES, task={"name": "denoise"}, data=data)
    rng = np.random.default_rng(0)
    pictures = []
    for source, (height, width) in enumerate(((7, 6), (12, 9), (5, 14))):
        y, x = np.mgrid[:height, :width]
        rough = rng.integers(0, 256, (height, width))  # texture prefers some places
        place = (y * width + x).astype(np.uint8)
        pixels = np.stack([place, rough * (x > width // 2), np.full_like(y, source)], -1)
        pictures.append(Picture(str(source), pixels.astype(np.uint8)))
    task = make_task(recipe)
    sampler = Sampler(prepare_sources(tuple(pictures), task)[0], task, data["batch"], 0)
    cropper = Cropper(sampler.sources, recipe, Part(), CPU)

    def histogram(load: Callable[[int], Tensor]) -> np.ndarray:
        target = load(1).long()
        corner, beside = target[:, 0, 0, 0], target[:, 0, 0, -1]
        label = (target[:, 2, 0, 0] * 256 + corner) * 256 + beside
        return np.bincount(label.numpy(), minlength=3 * 65536)

    counts = [
        histogram(lambda s: sampler.load(s).target),
        histogram(lambda s: draw(cropper, s).target),
    ]
    assert (counts[0] > 0).sum() > 300
    assert two_samples(*counts) < 4
    biased = np.roll(counts[1], 1)
    assert two_samples(counts[0], biased) > 20


def test_colours_and_noise_are_drawn_as_the_processor_draws_them(tmp_path: Path) -> None:
    sections: dict[str, Any] = {"network": RESTORES, "task": {"name": "denoise", "sigma": [0, 50]}}
    sections["data"] = {"batch": 2000, "recolour": 0.6}
    _, sampler, cropper = made(tmp_path, **sections)
    for feature in (
        lambda b: b.target.float().mean((2, 3))[:, 0],
        lambda b: b.target.float().mean((2, 3)).argsort(1)[:, 0].float(),
        lambda b: b.target.float().std((1, 2, 3)),
        lambda b: (b.input.float() - b.target.float()).std((1, 2, 3)),
    ):
        first, second = (
            np.sort(feature(batch).numpy()) for batch in (sampler.load(0), draw(cropper, 0))
        )
        every = np.concatenate([first, second])
        shares = [
            np.searchsorted(values, every, "right") / len(values) for values in (first, second)
        ]
        # Kolmogorov and Smirnov: 1.95 is passed once in a thousand.
        assert np.abs(shares[0] - shares[1]).max() * np.sqrt(len(first) / 2) < 1.95


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU")
@pytest.mark.parametrize("name", ["bicubic", "one candidate, no turns", "simmim"])
def test_a_gpu_cuts_the_crops_that_a_processor_cuts(tmp_path: Path, name: str) -> None:
    recipe, sampler, cropper = made(tmp_path, **TASKS[name])
    cuda = torch.device("cuda")
    drawn = Drawn(Cropper(sampler.sources, recipe, Part(), cuda).draw, cuda, CudaGraph)
    for step in (0, 1, 7):
        for own, other in zip(drawn(step), cropper.draw(torch.tensor(step)), strict=True):
            assert (own is None) == (other is None)
            assert own is None or other is None or own.cpu().equal(other)
