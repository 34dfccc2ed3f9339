"""Samples in a pool: which are there follows from the step, and what is drawn is one of them."""

from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from swinsr.training.data.on_device.pool import Deliveries, Delivery, Pool
from swinsr.training.data.on_device.stream import device_batches
from swinsr.training.data.prefetch import batches
from swinsr.training.data.sampler import Batch, Part, Sampler
from swinsr.training.recipes.settings import Recipe
from swinsr.training.weights.setup import read_data
from tests.training.recording import Recording, Replayed
from tests.training.tiny import tiny_recipe

CPU = torch.device("cpu")
DEPTH, REUSE, BATCH = 4, 3, 5
TASKS: dict[str, dict[str, Any]] = {
    "jpeg": {"network": {"upscale": 1, "upsampler": ""}, "task": {"name": "jpeg"}},
    "compressed": {"task": {"name": "compressed"}},
    "real": {"task": {"name": "real"}},
    "photo": {"task": {"name": "photo"}},
}


def made(folder: Path, name: str = "jpeg", **data: Any) -> tuple[Recipe, Sampler]:
    data = {"batch": BATCH, "pool": DEPTH, "reuse": REUSE} | data
    recipe = tiny_recipe(folder, **TASKS[name], data=data)
    return recipe, read_data(recipe).sampler


def stream(
    recipe: Recipe, sampler: Sampler, steps: range, part: Part | None = None, **more: Any
) -> list[Batch]:
    return list(device_batches(sampler, recipe, part or Part(), steps, CPU, **more))


def same(first: Batch, second: Batch) -> bool:
    pairs = zip(first.tensors, second.tensors, strict=True)
    return all((a is None and b is None) or torch.equal(a, b) for a, b in pairs)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", TASKS)
def test_a_run_that_goes_on_gets_what_one_that_was_not_stopped_gets(
    tmp_path: Path, name: str
) -> None:
    recipe, sampler = made(tmp_path, name)
    whole = stream(recipe, sampler, range(20))
    assert [batch.step for batch in whole] == list(range(20))
    assert (whole[0].clean is not None) == (name == "compressed")
    for first in (1, 7, 12):
        resumed = stream(recipe, sampler, range(first, 20))
        assert all(same(a, b) for a, b in zip(whole[first:], resumed, strict=True))
    assert not same(whole[3], whole[4])
    assert stream(recipe, sampler, range(20, 20)) == []


@pytest.mark.parametrize("workers", [0, 2])
def test_processes_share_the_batch_of_one(tmp_path: Path, workers: int) -> None:
    recipe, sampler = made(tmp_path, workers=workers)
    whole = stream(recipe, sampler, range(5, 11))
    for rank in range(2):
        part = stream(recipe, sampler, range(5, 11), Part(rank, 2))
        for own, all_of in zip(part, whole, strict=True):
            assert torch.equal(own.input, all_of.input[rank::2])
            assert torch.equal(own.target, all_of.target[rank::2])


class Numbered(Sampler):
    """Samples that are told apart: each is of one number, which counts how many were made."""

    made = 0

    def sample(self, rng: np.random.Generator) -> Any:
        self.made += 1
        sample = super().sample(rng)
        number = np.full_like(sample.input, int(rng.integers(256)))
        return type(sample)(number, np.full_like(sample.target, self.made % 256))


def test_every_sample_is_drawn_about_as_often_as_asked(tmp_path: Path) -> None:
    steps = 400
    recipe, plain = made(tmp_path, pool=8, reuse=4, batch=4)
    sampler = Numbered(plain.sources, plain.task, 4, 0)
    found = stream(recipe, sampler, range(steps))
    # One sample a step, beside those that filled the shelves.
    assert sampler.made <= steps + 4 * 8 + 4
    assert sampler.made >= steps - 1 + 4 * 8
    drawn = Counter((p, float(b.input[p, 0, 0, 0]), int(b.target[p, 0, 0, 0]))
                    for b in found for p in range(4))  # fmt: skip
    assert sum(drawn.values()) / len(drawn) == pytest.approx(4, abs=0.4)
    assert max(drawn.values()) < 20
    # A sample lives for depth x reuse steps, and all of its draws lie within them.
    for place in range(4):
        seen: dict[Any, list[int]] = {}
        for batch in found:
            key = (float(batch.input[place, 0, 0, 0]), int(batch.target[place, 0, 0, 0]))
            seen.setdefault(key, []).append(batch.step)
        assert max(s[-1] - s[0] for s in seen.values()) < 8 * 4


def test_samples_are_the_processors_and_no_shelf_has_anothers(tmp_path: Path) -> None:
    recipe, sampler = made(tmp_path)
    known: list[set[bytes]] = [set() for _ in range(BATCH)]
    deliveries = Deliveries(sampler, 2, DEPTH, REUSE)
    for number in range(2 - DEPTH, 9):
        delivery = deliveries.load(number, Part())
        if delivery.samples is not None:
            for (shelf, _), sample in zip(delivery.where, delivery.samples.input, strict=True):
                known[shelf].add(sample.numpy().tobytes())
    assert all(len(samples) > DEPTH for samples in known)
    for batch in stream(recipe, sampler, range(2, 9)):
        assert all(i.numpy().tobytes() in k for i, k in zip(batch.input, known, strict=True))


@pytest.mark.parametrize("reuse", [1, 2, 7])
def test_a_filled_pool_is_full_and_holds_the_youngest(tmp_path: Path, reuse: int) -> None:
    _, sampler = made(tmp_path)
    for first in (0, 5):
        deliveries = Deliveries(sampler, first, DEPTH, reuse)
        slots = Counter(
            place for n in range(first - DEPTH, first) for place in deliveries.load(n, Part()).where
        )
        assert slots == {(shelf, slot): 1 for shelf in range(BATCH) for slot in range(DEPTH)}
        assert deliveries.load(first, Part()) == Delivery()
        renewed = Counter(
            shelf for n in range(first + 1, first + 1 + reuse)
            for shelf, _ in deliveries.load(n, Part()).where
        )  # fmt: skip
        assert renewed == dict.fromkeys(range(BATCH), 1)


def test_a_draw_asks_nothing_of_the_host_and_is_the_same_work(tmp_path: Path) -> None:
    recipe, sampler = made(tmp_path)
    pool, deliveries = Pool(recipe, Part(), CPU), Deliveries(sampler, 0, DEPTH, REUSE)
    for number in range(-DEPTH, 1):
        pool.put(deliveries.load(number, Part()))
    works = []
    for step in range(3):
        number = torch.tensor(step)
        with Recording() as recording:
            pool.draw(number)
        works.append(recording.work)
    assert works[0] == works[1] == works[2]


def test_replayed_draws_see_what_was_renewed(tmp_path: Path) -> None:
    recipe, sampler = made(tmp_path)
    plain = stream(recipe, sampler, range(12))
    replayed = stream(recipe, sampler, range(12), graph=Replayed)
    assert all(same(a, b) for a, b in zip(plain, replayed, strict=True))


@pytest.mark.parametrize("name", ["jpeg", "compressed"])
def test_what_a_gpu_copies_from_is_pinned(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pinned: list[Tensor] = []

    def pin(tensor: Tensor) -> Tensor:
        pinned.append(tensor)
        return tensor.clone()

    monkeypatch.setattr(Tensor, "pin_memory", pin)
    _, sampler = made(tmp_path, name)
    given = {"workers": 0, "prefetch": 2, "pinned": True}
    each = 3 if name == "compressed" else 2
    found = list(batches(sampler, Part(), range(3), **given))
    assert len(pinned) == 3 * each
    assert all(same(batch, sampler.load(batch.step)) for batch in found)
    pinned.clear()
    list(batches(Deliveries(sampler, 0, DEPTH, 1), Part(), range(-DEPTH, 3), **given))
    assert len(pinned) == (DEPTH + 2) * each
