"""spandrel's own loader runs our networks on the kernels, and gives what it gave before."""

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from swinsr import Upscaler
from swinsr.checkpoints import save
from swinsr.errors import ConfigError
from swinsr.integrations.spandrel import KernelNetwork, install
from swinsr.models import from_published
from tests.export.test_spandrel import NETWORKS, TINY

BOUND = 2e-5


@pytest.fixture
def loaders(spandrel: Any) -> tuple[Any, Any]:
    """spandrel's loader as it is, and one with our entry."""
    ours = spandrel.MAIN_REGISTRY.copy()
    assert install(ours) and not install(ours)
    theirs = spandrel.ArchRegistry()
    theirs.add(*(a for a in spandrel.MAIN_REGISTRY if a.architecture.id != "SwinSR"))
    return spandrel.ModelLoader(registry=theirs), spandrel.ModelLoader(registry=ours)


@pytest.mark.parametrize(("family", "changes"), NETWORKS)
def test_loads_by_our_entry_and_gives_the_same(
    loaders: tuple[Any, Any], tmp_path: Path, family: str, changes: dict[str, Any]
) -> None:
    torch.manual_seed(0)
    network = from_published(family, TINY | {"upscale": 1} | changes)
    path = save(network, tmp_path / "net.safetensors", task="classical_sr", keep_buffers=True)
    before, after = (loader.load_from_file(path) for loader in loaders)
    assert (before.architecture.id != "SwinSR") and isinstance(after.model, KernelNetwork)
    for name in ("scale", "input_channels", "output_channels", "purpose"):
        assert getattr(before, name) == getattr(after, name)
    if changes.get("upsampler") == "pixelshuffle_hf":
        return  # spandrel gives two pictures there, and its own call none
    size = network.config.window_size * 3
    picture = torch.rand(1, network.config.in_chans, size, size * 2)
    with torch.no_grad():
        wanted, found = before.model.eval()(picture), after.model(picture)
    found += 0  # a caller may work in place
    assert (found - wanted).abs().max() <= BOUND
    assert (after(picture) - before(picture)).abs().max() <= BOUND


def test_a_file_without_buffers_loads_too(loaders: tuple[Any, Any], tmp_path: Path) -> None:
    network = from_published("swinir", TINY | {"upscale": 2, "upsampler": "pixelshuffle"})
    path = save(network, tmp_path / "net.safetensors", task="classical_sr")
    model = loaders[1].load_from_file(path)
    pixels = np.random.default_rng(0).random((30, 41, 3), np.float32)
    wanted = Upscaler.from_pretrained(path, precision="float32")(pixels, 2)
    x = torch.from_numpy(pixels).permute(2, 0, 1)[None]
    found = model(x)[0].permute(1, 2, 0).numpy()
    assert np.abs(np.clip(found, 0, 1) - wanted).max() <= BOUND


def test_weights_that_change_and_gradients_are_followed(
    loaders: tuple[Any, Any], tmp_path: Path
) -> None:
    network = from_published("swinir", TINY | {"upscale": 2, "upsampler": "pixelshuffle"})
    path = save(network, tmp_path / "net.safetensors", task="classical_sr")
    model = loaders[1].load_from_file(path).model
    x = torch.rand(1, 3, 16, 16)
    with torch.no_grad():
        before = model(x)
        for parameter in model.parameters():
            parameter.mul_(0.9)
        after = model(x)
        plain = model.network.forward_head(x).image
    assert (before - after).abs().max() > 1e-4
    assert (after - plain).abs().max() <= BOUND
    model.train()
    model(x).sum().backward()
    assert next(model.parameters()).grad is not None


def test_bfloat16_runs_and_half_is_refused(
    loaders: tuple[Any, Any],
    spandrel: Any,
    tmp_path: Path,
) -> None:
    network = from_published("swinir", TINY | {"upscale": 2, "upsampler": "pixelshuffle"})
    path = save(network, tmp_path / "net.safetensors", task="classical_sr")
    model = loaders[1].load_from_file(path)
    x = torch.rand(1, 3, 16, 16)
    wanted = model(x)
    with pytest.raises(spandrel.UnsupportedDtypeError):
        model.half()
    found = model.bfloat16()(x.bfloat16())
    assert found.dtype == torch.bfloat16
    assert (found.float() - wanted).abs().max() < 0.05


def test_other_networks_stay_spandrels(
    loaders: tuple[Any, Any],
    spandrel: Any,
) -> None:
    with pytest.raises(spandrel.UnsupportedModelError):
        loaders[1].load_from_state_dict(torch.nn.Linear(2, 2).state_dict())


def test_without_spandrel_one_sentence_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> Any:
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ConfigError, match="install spandrel torchvision"):
        install()
