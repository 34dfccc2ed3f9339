"""Several tiles at once: the same as one by one, in order, with memory that does not suffice."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage import data

from swinsr import Settings, Upscaler, upscale_file
from swinsr.errors import NotEnoughMemoryError
from swinsr.image import Image, read_image, write_image
from swinsr.inference import engine as engine_module
from swinsr.inference.batches import Batches, Finish
from swinsr.inference.engine import NetworkEngine
from swinsr.models import from_published
from swinsr.runtime.network import Ready, prepare
from swinsr.training.weights.interpolator import make_interpolator

CPU = torch.device("cpu")


def tile(number: int, side: int = 2) -> np.ndarray:
    return np.full((side, side, 1), number, np.float32)


class Computer:
    """Starts batches and finishes them, and writes down when."""

    def __init__(self, room: int = 100) -> None:
        self.room, self.log = room, list[str]()

    def start(self, tiles: Sequence[np.ndarray]) -> Finish:
        names = "".join(str(int(t[0, 0, 0])) for t in tiles)
        if len(tiles) > self.room:
            self.log.append(f"no room for {names}")
            raise NotEnoughMemoryError("short")
        self.log.append(f"start {names}")

        def finish() -> list[np.ndarray]:
            self.log.append(f"finish {names}")
            return [2 * t for t in tiles]

        return finish

    def alone(self, one: np.ndarray) -> np.ndarray:
        self.log.append(f"alone {int(one[0, 0, 0])}")
        return 2 * one

    def read(self, tiles: Sequence[np.ndarray]) -> Iterator[np.ndarray]:
        for one in tiles:
            self.log.append(f"read {int(one[0, 0, 0])}")
            yield one


def test_a_batch_is_begun_before_the_one_before_it_is_waited_for() -> None:
    computer = Computer()
    stream = Batches(computer.start, computer.alone, lambda height, width: 2)
    found = [int(r[0, 0, 0]) for r in stream(computer.read([tile(n) for n in range(5)]))]
    assert found == [0, 2, 4, 6, 8]
    assert [entry for entry in computer.log if "read" not in entry] == [
        "start 01", "start 23", "finish 01", "start 4", "finish 23", "finish 4",
    ]  # fmt: skip
    # No more is read than what is about to be begun.
    assert computer.log.index("read 4") < computer.log.index("finish 01")
    assert computer.log.count("read 4") == 1


def test_only_tiles_of_one_shape_run_together() -> None:
    computer = Computer()
    stream = Batches(computer.start, computer.alone, lambda height, width: 3 if height == 2 else 1)
    tiles = [tile(0), tile(1), tile(2, 3), tile(3, 3), tile(4), tile(5), tile(6), tile(7)]
    assert [len(r) for r in stream(iter(tiles))] == [len(t) for t in tiles]
    starts = [entry for entry in computer.log if "start" in entry]
    assert starts == ["start 01", "start 2", "start 3", "start 456", "start 7"]


@settings(max_examples=60, deadline=None)
@given(
    sides=st.lists(st.integers(1, 3), max_size=12),
    at_once=st.integers(1, 5),
    room=st.integers(0, 5),
)
def test_every_tile_comes_back_once_and_in_order(sides: list[int], at_once: int, room: int) -> None:
    computer = Computer(room)
    stream = Batches(computer.start, computer.alone, lambda height, width: at_once)
    tiles = [tile(number, side) for number, side in enumerate(sides)]
    for found, given_tile in zip(stream(iter(tiles)), tiles, strict=True):
        assert np.array_equal(found, 2 * given_tile)


def test_what_a_batch_has_no_room_for_is_done_alone_and_later_ones_are_smaller() -> None:
    computer, told = Computer(room=2), list[int]()
    stream = Batches(computer.start, computer.alone, lambda height, width: 4, told.append)
    assert len(list(stream(iter([tile(n) for n in range(9)])))) == 9
    assert told == [2]
    assert computer.log == [
        "no room for 0123", "start 45", "alone 0", "alone 1", "alone 2", "alone 3",
        "start 67", "finish 45", "start 8", "finish 67", "finish 8",
    ]  # fmt: skip


def test_room_that_is_missed_at_the_end_is_missed_room() -> None:
    computer = Computer()

    def start(tiles: Sequence[np.ndarray]) -> Finish:
        def finish() -> list[np.ndarray]:
            raise NotEnoughMemoryError("short")

        return finish

    stream = Batches(start, computer.alone, lambda height, width: 2)
    assert len(list(stream(iter([tile(n) for n in range(3)])))) == 3
    assert computer.log == ["alone 0", "alone 1", "alone 2"]


def on_gpu(engine: NetworkEngine, count: int, monkeypatch: pytest.MonkeyPatch) -> NetworkEngine:
    """As on CUDA, where tiles run together; the network stays where it is."""
    monkeypatch.setattr(engine, "batches", lambda: True)
    monkeypatch.setattr(engine, "at_once", lambda height, width: count)
    return engine


def engine(channels: int = 3, **tiling: Any) -> NetworkEngine:
    """A network of two blocks."""
    torch.manual_seed(0)
    config = {"upscale": 2, "img_size": 16, "window_size": 8, "depths": [2], "num_heads": [2]}
    config |= {"embed_dim": 16, "upsampler": "pixelshuffledirect", "in_chans": channels}
    network = from_published("swinir", config)
    make_interpolator(network)  # so that its pictures are pictures
    with torch.no_grad():
        for parameter in network.layers.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
    ready = prepare(network)
    return NetworkEngine(ready, CPU, name="small", task="", tiling=engine_module.Tiling(**tiling))


@pytest.mark.parametrize(("network", "picture"), [(3, 3), (3, 1), (1, 1), (1, 3), (3, 4)])
def test_tiles_together_are_tiles_one_by_one(
    network: int, picture: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    array = rng.random((100, 150, picture), np.float32)
    one = engine(network, tile=48, overlap=16)
    expected = Upscaler(one)(array)
    several = Upscaler(on_gpu(engine(network, tile=48, overlap=16), 3, monkeypatch))(array)
    np.testing.assert_allclose(several, expected, atol=2e-6, rtol=0)


def test_on_a_processor_tiles_run_one_by_one() -> None:
    made = engine(tile=48)
    assert not made.batches()
    assert made.at_once(48, 48) == 1
    assert isinstance(made.stream(made.shrinking(16)), type(engine_module.each(len)))


def test_so_many_run_together_as_the_memory_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    made = engine()
    monkeypatch.setattr(made, "batches", lambda: True)
    each = made.memory(64, 64)
    for times, count in ((0, 1), (1, 1), (3, 3), (10**6, engine_module.BATCH_PIXELS // 64**2)):
        allowed = times * each
        monkeypatch.setattr(engine_module, "budget", lambda *_, allowed=allowed: allowed)
        assert made.at_once(64, 64) == count


@pytest.mark.parametrize("first", ["batch", "single tiles too"])
def test_a_gpu_out_of_memory_goes_on_with_fewer_tiles_then_with_smaller_ones(
    first: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    array = data.astronaut()[40:200, 100:356]  # all tiles are of one size
    expected = Upscaler(engine(tile=64, overlap=16))(array)
    short = on_gpu(engine(tile=64, overlap=16), 4, monkeypatch)
    run, largest = Ready.__call__, [0]

    def failing(self: Ready, x: torch.Tensor, progress: Any) -> torch.Tensor:
        room = 2 * 64 * 64 if first == "batch" else 48 * 48
        if x.shape[0] * x.shape[2] * x.shape[3] > room:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        largest[0] = max(largest[0], x.shape[0])
        return run(self, x, progress)

    monkeypatch.setattr(Ready, "__call__", failing)
    with caplog.at_level(logging.WARNING, "swinsr"):
        found = Upscaler(short)(array)
    assert "memory did not suffice; going on with tiles 2 at a time" in caplog.text
    if first == "batch":
        assert largest[0] == 2
        assert np.abs(found.astype(int) - expected).max() <= 1
    else:
        assert "memory did not suffice; going on in tiles of 32" in caplog.text
        assert np.abs(found.astype(int) - expected).mean() < 0.3


def test_a_whole_picture_that_a_gpu_has_no_memory_for_goes_on_in_tiles(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    short = engine()
    run = short.run

    def failing(planes: Any, progress: Any) -> Any:
        if max(planes.shape[:2]) > 64:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return run(planes, progress)

    monkeypatch.setattr(short, "run", failing)
    array = data.astronaut()[40:140, 160:280]
    with caplog.at_level(logging.WARNING, "swinsr"):
        near = Upscaler(short)(array)
    assert "memory did not suffice for the whole picture" in caplog.text
    assert np.abs(near.astype(int) - Upscaler(engine())(array)).mean() < 0.3


@pytest.mark.parametrize("alpha", ["none", "one value", "varies"])
def test_a_file_in_tiles_is_the_same_from_batches(
    alpha: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (40, 90, 3), np.uint8)
    plane = {"none": None, "one value": np.full((40, 90), 9, np.uint8)}.get(
        alpha, rng.integers(0, 256, (40, 90), np.uint8)
    )
    write_image(tmp_path / "in.png", Image(pixels, alpha=plane))
    chosen = Settings(
        model="swinsr-fast-x2", device="cpu", precision="float32", tile=32, overlap=16
    )
    upscale_file(tmp_path / "in.png", tmp_path / "one.png", chosen)
    monkeypatch.setattr(NetworkEngine, "batches", lambda self: True)
    monkeypatch.setattr(NetworkEngine, "at_once", lambda self, height, width: 3)
    start, together = NetworkEngine.start, []

    def counted(self: NetworkEngine, tiles: Sequence[np.ndarray], *more: Any) -> Finish:
        together.append(len(tiles))
        return start(self, tiles, *more)

    monkeypatch.setattr(NetworkEngine, "start", counted)
    upscale_file(tmp_path / "in.png", tmp_path / "several.png", chosen)
    # Alpha that varies is a run of its own between those of colours.
    assert max(together) == (1 if alpha == "varies" else 3)
    one, several = (read_image(tmp_path / f"{name}.png") for name in ("one", "several"))
    assert np.abs(one.pixels.astype(int) - several.pixels).max() <= 1
    assert (one.alpha is None) == (alpha == "none")
    if one.alpha is not None and several.alpha is not None:
        assert np.abs(one.alpha.astype(int) - several.alpha).max() <= 1


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU")
def test_a_gpus_batches_are_its_tiles_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Upscaler.from_pretrained(
        "swinsr-light-x2", device="cuda", precision="float32", tile=64, overlap=16
    )
    array = data.astronaut()[40:200, 100:356].astype(np.float32) / np.float32(255)
    several = made(array)
    monkeypatch.setattr(made.engine, "batches", lambda: False)
    np.testing.assert_allclose(several, made(array), atol=2e-5, rtol=0)
