"""Whole or in tiles: the choice follows the memory, and tiles are close to the whole."""

import logging
from typing import Any

import numpy as np
import pytest
import torch
from skimage import data

from swinsr import Upscaler
from swinsr.errors import ConfigError, NotEnoughMemoryError
from swinsr.inference import Tiling
from swinsr.inference import engine as engine_module
from swinsr.inference.engine import NetworkEngine
from swinsr.inference.tiles import LARGEST_TILE, choose, largest_tile
from swinsr.runtime.footprint import footprint

CPU = torch.device("cpu")


def engine(**tiling: Any) -> NetworkEngine:
    made = Upscaler.from_pretrained("swinsr-light-x2", device="cpu", precision="float32", **tiling)
    assert isinstance(made.engine, NetworkEngine)
    return made.engine


@pytest.fixture(scope="module")
def whole() -> NetworkEngine:
    return engine(mode="exact")


def texture(height: int, width: int) -> Any:
    rng = np.random.default_rng(0)
    return rng.integers(0, 256, (height, width, 3), np.uint8)


def test_small_picture_is_exact_by_default(whole: NetworkEngine) -> None:
    array = texture(40, 60)
    default = Upscaler.from_pretrained("swinsr-light-x2", device="cpu", precision="float32")
    assert np.array_equal(default(array), Upscaler(whole)(array))


@pytest.mark.parametrize("overlap", [16, 32])
def test_tiles_are_within_a_level_of_the_whole(whole: NetworkEngine, overlap: int) -> None:
    array = data.astronaut()[40:200, 160:330]
    tiled = Upscaler.from_pretrained(
        "swinsr-light-x2", device="cpu", precision="float32", tile=64, overlap=overlap
    )
    exact, near = Upscaler(whole)(array).astype(int), tiled(array).astype(int)
    assert near.shape == exact.shape
    difference = np.abs(exact - near)
    assert 0 < (difference > 0).mean() < 0.03
    assert (difference > 1).mean() <= 1e-4


def test_budget_decides(whole: NetworkEngine) -> None:
    network = whole.network
    need = footprint(network, 400, 300)
    from swinsr.runtime.free_memory import resident_memory

    held = resident_memory()
    roomy = choose(whole, (400, 300), Tiling(memory=held + need + (1 << 27)))
    tight = choose(whole, (400, 300), Tiling(memory=held + need // 2))
    assert roomy.tile is None
    assert tight.tile is not None and tight.tile < 400
    assert tight.predicted <= need // 2 + (1 << 24) or tight.tile == 64


def test_what_is_set_aside_counts(whole: NetworkEngine) -> None:
    plenty = choose(whole, (64, 64), Tiling())
    assert plenty.tile is None
    assert choose(whole, (64, 64), Tiling(), set_aside=1 << 60).tile is not None


def test_exact_is_exact_whatever_the_budget(whole: NetworkEngine) -> None:
    assert choose(whole, (4000, 4000), Tiling("exact", memory=1)).tile is None


def test_tile_that_is_asked_for_is_taken(whole: NetworkEngine) -> None:
    assert choose(whole, (64, 64), Tiling(tile=40)).tile == 40


def test_largest_tile_grows_with_the_memory_up_to_its_limit(whole: NetworkEngine) -> None:
    sides = [largest_tile(whole, allowed << 20, 32) for allowed in (1, 64, 128, 1 << 20)]
    assert sides == sorted(sides)
    assert sides[0] >= 64
    assert sides[-1] == LARGEST_TILE
    assert all(side % 8 == 0 for side in sides)


@pytest.mark.parametrize("limit", [100, 64])
def test_failed_allocation_goes_on_in_smaller_tiles_and_says_so(
    whole: NetworkEngine,
    limit: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    short = engine()
    run = short.run

    def failing(planes: Any, progress: Any) -> Any:
        if max(planes.shape[:2]) > limit:
            raise RuntimeError("[enforce fail] can't allocate memory: you tried to allocate")
        return run(planes, progress)

    monkeypatch.setattr(short, "run", failing)
    pictures = {0.1: data.astronaut()[40:190, 160:280]}
    if limit == 100:  # noise has no end of what tiles of half that size would have to see
        pictures[0.2] = texture(150, 120)
    for allowed, array in pictures.items():
        caplog.clear()
        with caplog.at_level(logging.WARNING, "swinsr"):
            near = Upscaler(short)(array)
        assert "memory did not suffice" in caplog.text
        assert np.abs(near.astype(int) - Upscaler(whole)(array)).mean() < allowed


def test_exact_does_not_go_on_in_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    short = engine(mode="exact")

    def failing(planes: Any, progress: Any) -> Any:
        raise MemoryError

    monkeypatch.setattr(short, "run", failing)
    with pytest.raises(NotEnoughMemoryError, match="not enough memory"):
        Upscaler(short)(texture(20, 20))


def test_other_errors_are_not_taken_for_short_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = engine()

    def failing(planes: Any, progress: Any) -> Any:
        raise RuntimeError("shape mismatch")

    monkeypatch.setattr(broken, "run", failing)
    with pytest.raises(RuntimeError, match="shape"):
        Upscaler(broken)(texture(20, 20))


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_tiles_take_every_kind_of_picture(channels: int) -> None:
    rng = np.random.default_rng(0)
    array = rng.integers(0, 256, (90, 70, channels), np.uint8)
    tiled = Upscaler(engine(tile=48, overlap=16))
    shares: list[float] = []
    out = tiled(array, 3, shares.append)
    assert out.shape == (270, 210, channels)
    assert shares == sorted(shares)
    assert shares[-1] == pytest.approx(1.0)


@pytest.mark.parametrize("wrong", [{"mode": "fast"}, {"tile": 0}, {"overlap": -1}, {"memory": 0}])
def test_refuses_what_is_no_tiling(wrong: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        Upscaler.from_pretrained("bicubic", **wrong)


def test_module_keeps_its_names() -> None:
    assert {"Engine", "NetworkEngine", "BaselineEngine", "BASELINES"} <= set(dir(engine_module))
