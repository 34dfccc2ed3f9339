"""Runs whose batches are made on the device: chosen, refused, resumed bit for bit."""

import os
import re
import shlex
import signal
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from swinsr.errors import ConfigError
from swinsr.training import Run, find_recipe, read_recipe
from swinsr.training.data.on_device import stream
from swinsr.training.data.on_device.stream import too_large, wants_device
from swinsr.training.data.sampler import Batch
from swinsr.training.state import TrainingError
from swinsr.training.steps.stepper import Stepper
from swinsr.training.weights import setup
from swinsr.training.weights.setup import read_data
from tests.training.on_device.test_cropper import RESTORES
from tests.training.tiny import tiny_recipe

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
ROOT = Path(__file__).parents[3]
RUNS: dict[str, dict[str, Any]] = {
    "bicubic": {"data": {"recolour": 0.5, "sizes": [1.0, 0.6]}},
    "denoise": {"network": RESTORES, "task": {"name": "denoise"}},
    "jpeg": {"network": RESTORES, "task": {"name": "jpeg"}, "data": {"pool": 3, "reuse": 2}},
    "simmim": {
        "task": {"name": "simmim", "mask_patch": 2},
        "init": {"mode": "plain"},
        "validation": {"folders": []},
    },
}


def recipe_of(folder: Path, name: str, place: str = "device", **run: Any) -> Any:
    sections = {key: dict(values) for key, values in RUNS[name].items()}
    sections.setdefault("data", {})["place"] = place
    return tiny_recipe(folder, run=run, **sections)


def state(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "runs" / "tiny" / "last.state")


@pytest.mark.parametrize("name", RUNS)
def test_interrupted_and_resumed_equals_uninterrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    Run(recipe_of(tmp_path / "whole", name)).train()
    original = Stepper.step

    def with_signal(self: Stepper, batch: Batch, *, done: float | None = None) -> torch.Tensor:
        if batch.step == 6:
            os.kill(os.getpid(), signal.SIGINT)
        return original(self, batch, done=done)

    with monkeypatch.context() as patch:
        patch.setattr(Stepper, "step", with_signal)
        with pytest.raises(TrainingError, match="Stopped at step 7"):
            Run(recipe_of(tmp_path / "cut", name)).train()
    Run(recipe_of(tmp_path / "cut", name), resume=True).train()
    whole, cut = state(tmp_path / "whole"), state(tmp_path / "cut")
    assert whole.keys() == cut.keys()
    assert all(torch.equal(whole[key], cut[key]) for key in whole)


def test_learns_as_from_the_hosts_batches(tmp_path: Path) -> None:
    best = {}
    for place in ("host", "device"):
        recipe = recipe_of(tmp_path / place, "bicubic", place, steps=60)
        best[place] = Run(recipe).train().best
    assert best["host"] is not None and best["device"] is not None
    assert abs(best["host"] - best["device"]) < 0.5


def test_the_device_is_for_cuda_and_for_those_who_ask(tmp_path: Path) -> None:
    recipes = {place: recipe_of(tmp_path, "bicubic", place) for place in ("auto", "host", "device")}
    for device, places in ((CPU, ["device"]), (CUDA, ["auto", "device"])):
        assert [p for p, recipe in recipes.items() if wants_device(recipe, device)] == places
    with pytest.raises(ConfigError, match="float64, which mps lacks"):
        wants_device(recipes["device"], torch.device("mps"))
    with pytest.raises(ConfigError, match=r"data\.place"):
        recipe_of(tmp_path, "bicubic", "gpu")
    assert "batches are made on cpu" in read_data(recipes["device"], CPU).summary
    assert not read_data(recipes["auto"], CPU).on_device


@pytest.mark.parametrize("name", ["bicubic", "jpeg"])
def test_what_does_not_fit_is_made_on_the_host_and_said(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = recipe_of(tmp_path, name)
    sources = read_data(recipe).sampler.sources
    taken = 3 * 4 * 8 * 8 * 3 * 3  # samples, places, input and target and clean input
    if name == "bicubic":
        taken = sum(s.target.size + (0 if s.input is None else s.input.size) for s in sources)
    assert too_large(sources, recipe, CPU, free=2 * taken) == ""
    assert "do not fit" in too_large(sources, recipe, CPU, free=2 * taken - 2)
    monkeypatch.setattr(stream, "free_memory", lambda device: 1000)
    with pytest.raises(ConfigError, match=r"do not fit .* on cpu; set data\.place to 'host'"):
        read_data(recipe, CPU)
    # Where nobody asked for it: told, and done the other way.
    monkeypatch.setattr(setup, "wants_device", lambda recipe, device: True)
    data = read_data(recipe_of(tmp_path, name, "auto"), CPU)
    assert not data.on_device
    assert "batches are made on the host: " in data.summary


def test_the_guides_settings_are_settings(tmp_path: Path) -> None:
    text = (ROOT / "docs/gpu.md").read_text(encoding="utf-8")
    commands = re.findall(r"(?:`|^    )swinsr train (\S+) ([^`#\n]+)", text, re.M)
    assert len(commands) == 3
    for name, rest in commands:
        words = shlex.split(rest)
        assert words[::2] == ["--set"] * (len(words) // 2)
        read_recipe(find_recipe(Path("tiny" if name == "recipe.toml" else name)), words[1::2])
