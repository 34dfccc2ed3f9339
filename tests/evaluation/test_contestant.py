"""Models as they are measured: padding, self-ensemble, identity."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from swinsr.errors import ConfigError, ModelNotFoundError
from swinsr.evaluation.contestant import (
    Contestant,
    load_contestant,
    load_contestants,
    pad_as_published,
)
from swinsr.evaluation.options import Options
from swinsr.models import SwinIRConfig, build
from swinsr.models.count import count
from swinsr.runtime.progress import Progress, silent
from tests.evaluation.conftest import TINY, save_network

RNG = np.random.default_rng(0)
CONFIG = SwinIRConfig(upscale=2, upsampler="pixelshuffledirect", **TINY)


class Recorder:
    """An engine that keeps its inputs and repeats pixels, to which it adds a ramp."""

    name, scale, task = "recorder", 2, "classical_sr"

    def __init__(self, slope: float = 0.0) -> None:
        self.slope = slope
        self.inputs: list[np.ndarray] = []

    def enlarge(
        self, planes: np.ndarray, scale: float, size: tuple[int, int], progress: Progress
    ) -> np.ndarray:
        self.inputs.append(planes)
        progress(1.0)
        big = planes.repeat(int(scale), 0).repeat(int(scale), 1)
        assert big.shape[:2] == size
        return big + np.float32(self.slope) * np.arange(size[1], dtype=np.float32)[:, None]


def contestant(engine: Recorder) -> Contestant:
    return Contestant("recorder", "0", engine, CONFIG, "classical_sr")


@pytest.mark.parametrize(("side", "padded"), [(3, 4), (4, 8), (5, 8), (8, 12), (1, 4)])
def test_published_padding_adds_a_whole_window_where_the_size_fits(side: int, padded: int) -> None:
    assert pad_as_published(np.zeros((side, 6, 3), np.float32), 4).shape == (padded, 8, 3)


def test_published_padding_repeats_the_edge() -> None:
    row = np.arange(5, dtype=np.float32)[None, :, None]
    assert pad_as_published(row, 4)[0, :, 0].tolist() == [0, 1, 2, 3, 4, 4, 3, 2]
    assert pad_as_published(row[:, :1], 4)[:, :, 0].tolist() == [[0] * 4] * 4


def test_published_padding_is_cropped_again() -> None:
    engine, source = Recorder(), RNG.random((8, 6, 3), np.float32)
    out = contestant(engine).restore(source, 2, Options(padding="published"), silent)
    assert engine.inputs[0].shape == (12, 8, 3)
    assert np.array_equal(out, source.repeat(2, 0).repeat(2, 1))


def test_minimal_padding_leaves_the_input_to_the_network() -> None:
    engine = Recorder()
    contestant(engine).restore(np.zeros((8, 6, 3), np.float32), 2, Options(), silent)
    assert engine.inputs[0].shape == (8, 6, 3)


def test_self_ensemble_turns_every_output_back() -> None:
    engine, source = Recorder(), RNG.random((6, 4, 3), np.float32)
    shares: list[float] = []
    out = contestant(engine).restore(source, 2, Options(self_ensemble=True), shares.append)
    assert len({picture.tobytes() for picture in engine.inputs}) == 8
    assert np.allclose(out, source.repeat(2, 0).repeat(2, 1), atol=1e-6)
    assert shares == sorted(shares) and shares[-1] == 1.0


def test_self_ensemble_is_the_mean_of_eight() -> None:
    """A ramp from left to right, seen from all eight sides of a square, is flat."""
    source = np.zeros((4, 4, 1), np.float32)
    out = contestant(Recorder(1.0)).restore(source, 2, Options(self_ensemble=True), silent)
    assert np.allclose(out, 3.5)


def test_a_baseline_knows_no_self_ensemble() -> None:
    bicubic = load_contestant("bicubic", Options())
    source = RNG.random((6, 5, 3), np.float32)
    plain = bicubic.restore(source, 2, Options(), silent)
    other = Options(self_ensemble=True, padding="published")
    assert np.array_equal(bicubic.restore(source, 2, other, silent), plain)
    assert (bicubic.scale, bicubic.cost, bicubic.published) == (None, None, "bicubic")


def test_a_network_brings_its_cost_and_its_name(tiny_x2: Path) -> None:
    model = load_contestant(str(tiny_x2), Options())
    assert (model.name, model.scale, model.gray) == ("tiny_x2", 2, False)
    assert model.cost == count(CONFIG) and model.published is None


def test_other_weights_are_another_model(tmp_path: Path) -> None:
    first = save_network(tmp_path / "a.safetensors", CONFIG)
    again = shutil.copy(first, tmp_path / "b.safetensors")
    other = save_network(tmp_path / "c.safetensors", CONFIG, seed=1)
    one, two, three = (load_contestant(str(p), Options()).digest for p in (first, again, other))
    assert one == two != three


def test_a_published_file_is_known_by_its_name(tmp_path: Path) -> None:
    name = "002_lightweightSR_DIV2K_s64w8_SwinIR-S_x2.safetensors"
    assert load_contestant(str(save_network(tmp_path / name, CONFIG)), Options()).published is None
    # The published layout is a .pth, under exactly the published name.
    path = tmp_path / "002_lightweightSR_DIV2K_s64w8_SwinIR-S_x2.pth"
    torch.save({"params": build(CONFIG).state_dict()}, path)
    assert load_contestant(str(path), Options()).published == "swinir-light-x2"


def test_two_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = []
    for seed, folder in enumerate(("a", "b")):
        (tmp_path / folder).mkdir()
        paths.append(str(save_network(tmp_path / folder / "net.safetensors", CONFIG, seed)))
    assert [c.name for c in load_contestants([*paths, paths[0]], Options())] == paths


def test_refuses_unknown_names_and_paddings() -> None:
    with pytest.raises(ModelNotFoundError):
        load_contestant("no-such-model", Options())
    with pytest.raises(ConfigError, match="minimal, published"):
        Options(padding="zero")
