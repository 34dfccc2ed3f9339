"""Crops: aligned, textured, reproducible, and the same however the batch is divided."""

import gc
import os
from pathlib import Path

import numpy as np
import pytest
import torch

from swinsr.degradations import imresize
from swinsr.errors import ConfigError
from swinsr.training.data.crops import choose_place, texture, turn
from swinsr.training.data.pictures import BUNDLED, Picture, list_pictures
from swinsr.training.data.prefetch import batches
from swinsr.training.data.sampler import Batch, Part, Sampler, prepare_sources
from swinsr.training.data.tasks import make_task
from swinsr.training.weights.setup import read_data
from tests.training.tiny import tiny_recipe, waves


def load(folder: Path, step: int = 3, **sections: dict) -> Batch:
    return read_data(tiny_recipe(folder, **sections)).sampler.load(step)


def restoration(name: str, **task: object) -> dict:
    return {"network": {"upscale": 1, "upsampler": ""}, "task": {"name": name, **task}}


def pixels(tensor: torch.Tensor, place: int) -> np.ndarray:
    return tensor[place].permute(1, 2, 0).numpy()


def test_input_is_the_target_reduced(tmp_path: Path) -> None:
    batch = load(tmp_path, data={"patch": 16})
    for place in range(4):
        reduced = imresize(np.ascontiguousarray(pixels(batch.target, place)), scale=0.5)
        # The margin sees past the crop's edge in the one case and mirrors in the other.
        inner = np.s_[2:-2, 2:-2]
        difference = reduced[inner].astype(int) - pixels(batch.input, place)[inner]
        assert np.abs(difference).max() <= 1


def test_same_step_same_crops_and_another_step_others(tmp_path: Path) -> None:
    first, again = load(tmp_path, 5), load(tmp_path, 5)
    assert torch.equal(first.input, again.input)
    assert torch.equal(first.target, again.target)
    assert not torch.equal(first.input, load(tmp_path, 6).input)


@pytest.mark.parametrize("world", [2, 4])
def test_processes_share_the_batch_of_one(tmp_path: Path, world: int) -> None:
    sampler = read_data(tiny_recipe(tmp_path)).sampler
    whole = sampler.load(7)
    parts = [sampler.load(7, Part(rank, world)) for rank in range(world)]
    for rank, part in enumerate(parts):
        assert torch.equal(part.input, whole.input[rank::world])
        assert torch.equal(part.target, whole.target[rank::world])


@pytest.mark.parametrize("workers", [0, 2])
def test_prefetched_batches_are_those_of_their_steps(tmp_path: Path, workers: int) -> None:
    sampler = read_data(tiny_recipe(tmp_path)).sampler
    stream = batches(sampler, Part(), range(2, 7), workers=workers, prefetch=2)
    for step, batch in zip(range(2, 7), stream, strict=True):
        assert batch.step == step
        assert torch.equal(batch.input, sampler.load(step).input)


class _Broken(Sampler):
    def load(self, step: int, part: Part | None = None) -> Batch:
        if step == 2:
            raise ConfigError("step two is broken")
        return super().load(step, part)


def test_error_in_the_prefetching_thread_reaches_the_loop(tmp_path: Path) -> None:
    sampler = read_data(tiny_recipe(tmp_path)).sampler
    broken = _Broken(sampler.sources, sampler.task, 4, 0)
    with pytest.raises(ConfigError, match="step two"):
        list(batches(broken, Part(), range(5), workers=0, prefetch=1))


class _Knot:
    """Ends by the garbage collector alone, and says in which process."""

    def __init__(self, told: Path) -> None:
        self.told, self.myself = told, self

    def __del__(self) -> None:
        (self.told / f"{os.getpid()}-{id(self)}").touch()


KEPT: list[_Knot] = []


class _Collecting(Sampler):
    def load(self, step: int, part: Part | None = None) -> Batch:
        KEPT.clear()
        gc.collect()
        return super().load(step, part)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_workers_end_nothing_that_was_this_process(tmp_path: Path) -> None:
    """Some of it would wait for threads that they do not have."""
    sampler = read_data(tiny_recipe(tmp_path)).sampler
    collecting = _Collecting(sampler.sources, sampler.task, 4, 0)
    told = tmp_path / "told"
    told.mkdir()
    gc.disable()
    try:
        KEPT.append(_Knot(told))
        _Knot(told)  # garbage that nobody has collected
        made = batches(collecting, Part(), range(2), workers=1, prefetch=1)
        assert [batch.step for batch in made] == [0, 1]
    finally:
        gc.enable()
    assert gc.get_freeze_count() == 0
    assert len(KEPT) == 1
    assert {file.name.split("-")[0] for file in told.iterdir()} == {str(os.getpid())}
    KEPT.clear()


def test_textured_place_is_found() -> None:
    image = np.zeros((40, 40, 1), np.uint8)
    image[20:, 20:] = np.random.default_rng(0).integers(0, 255, (20, 20, 1))
    places = [choose_place(image, 8, 16, np.random.default_rng(s)) for s in range(20)]
    assert sum(min(p) > 14 for p in places) > 15


def test_texture_is_zero_where_flat() -> None:
    assert texture(np.full((6, 6, 3), 9, np.uint8)) == 0
    assert texture(waves(6, 6, 0)) > 5


def test_the_eight_orientations_differ_and_keep_the_pixels() -> None:
    image = waves(6, 6, 0)
    turned = {turn(image, n).tobytes() for n in range(8)}
    assert len(turned) == 8
    assert all(
        np.array_equal(np.sort(turn(image, n), None), np.sort(image, None)) for n in range(8)
    )


@pytest.mark.parametrize(("flips", "rotations", "count"), [(0, 0, 1), (1, 0, 2), (0, 1, 4)])
def test_orientations_can_be_switched_off(
    tmp_path: Path, flips: int, rotations: int, count: int
) -> None:
    data = {"patch": 24, "candidates": 1, "flips": bool(flips), "rotations": bool(rotations)}
    write = {"network": {"upscale": 2}, "data": data}
    recipe = tiny_recipe(tmp_path, **write)
    task = make_task(recipe)
    source = task.prepare(waves(48, 48, 0))  # one place only
    seen = {task.sample(source, np.random.default_rng(s)).target.tobytes() for s in range(60)}
    assert len(seen) == count


def test_noise_has_the_recipes_strength(tmp_path: Path) -> None:
    sections = restoration("denoise", sigma=[25, 25], quantise=False)
    batch = load(tmp_path, **sections, data={"patch": 32, "batch": 8})
    assert batch.input.dtype == torch.float32
    noise = batch.input * 255 - batch.target
    assert noise.std().item() == pytest.approx(25, rel=0.05)


def test_quantised_noise_is_bytes(tmp_path: Path) -> None:
    assert load(tmp_path, **restoration("denoise")).input.dtype == torch.uint8


def test_gray_networks_get_gray_crops(tmp_path: Path) -> None:
    sections = restoration("jpeg")
    sections["network"]["in_chans"] = 1
    batch = load(tmp_path, **sections)
    assert batch.input.shape == batch.target.shape == (4, 1, 8, 8)


def test_jpeg_blocks_fall_anywhere(tmp_path: Path) -> None:
    recipe = tiny_recipe(tmp_path, **restoration("jpeg", quality=[5, 5]), data={"patch": 16})
    task = make_task(recipe)
    ramp = np.repeat(np.arange(0, 192, 4, dtype=np.uint8)[:, None, None], 48, 1).repeat(3, 2)
    source = task.prepare(ramp)
    phases = set()
    for seed in range(40):
        sample = task.sample(source, np.random.default_rng(seed))
        steps = np.abs(np.diff(sample.input[..., 1].astype(int), axis=1)).sum(0)
        steps += np.abs(np.diff(sample.input[..., 1].astype(int), axis=0)).sum(1)
        phases.add(int(np.argmax(steps)) % 8)
    assert len(phases) >= 6


def test_compressed_input_is_damaged_and_its_clean_form_goes_along(tmp_path: Path) -> None:
    batch = load(tmp_path, task={"name": "compressed", "quality": [10, 10]}, data={"patch": 16})
    assert batch.clean is not None
    reduced = imresize(np.ascontiguousarray(pixels(batch.target, 0)), scale=0.5)[2:-2, 2:-2]
    assert np.abs(reduced.astype(int) - pixels(batch.clean, 0)[2:-2, 2:-2]).max() <= 1
    assert (batch.input.float() - batch.clean.float()).abs().mean() > 3


def test_real_task_gives_the_reduced_size(tmp_path: Path) -> None:
    batch = load(tmp_path, task={"name": "real"})
    assert batch.input.shape == (4, 3, 8, 8)
    assert batch.target.shape == (4, 3, 16, 16)


def test_real_input_shows_the_place_of_its_target(tmp_path: Path) -> None:
    quiet = {"blur": 0, "enlarge": 0, "reduce": 0, "noise": [0, 0], "poisson": [0, 0]}
    quiet |= {"jpeg": [100, 100]}
    real = {"first": quiet, "second": quiet, "final_sinc": 0}
    batch = load(tmp_path, task={"name": "real"}, real=real, data={"patch": 16})
    low = batch.input.float().mean(1)
    reduced = torch.nn.functional.avg_pool2d(batch.target.float(), 2).mean(1)

    def alike(right: int, down: int) -> float:
        moved = torch.roll(reduced, (down, right), (1, 2))[:, 1:-1, 1:-1]
        return float(
            torch.corrcoef(torch.stack([low[:, 1:-1, 1:-1].flatten(), moved.flatten()]))[0, 1]
        )

    assert alike(0, 0) > 0.9
    assert alike(0, 0) > max(alike(1, 0), alike(-1, 0), alike(0, 1), alike(0, -1)) + 0.1


def test_larger_pictures_are_taken_more_often(tmp_path: Path) -> None:
    task = make_task(tiny_recipe(tmp_path))
    pictures = (Picture("s", np.zeros((20, 20, 3), np.uint8)),
                Picture("l", np.full((60, 60, 3), 255, np.uint8)))  # fmt: skip
    sources, _ = prepare_sources(pictures, task)
    batch = Sampler(sources, task, 400, 0).load(0)
    assert (batch.target[:, 0, 0, 0] == 255).float().mean().item() == pytest.approx(0.9, abs=0.05)


def test_kept_crops_come_from_the_picture_and_bound_the_memory(tmp_path: Path) -> None:
    data = read_data(tiny_recipe(tmp_path, data={"keep": 2, "keep_side": 20}))
    assert [s.target.shape for s in data.sampler.sources] == [(20, 20, 3)] * 6
    assert "6 crops" in data.summary


def test_photographs_of_a_package_that_is_not_there_are_a_sentence(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ConfigError, match="scikit-image, which is not installed"):
        list_pictures(BUNDLED)
