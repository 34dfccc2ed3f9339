"""Averaged weights are taken where a file holds them, whatever it calls them, and that is said."""

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from swinsr import Upscaler
from swinsr.checkpoints import describe, load
from swinsr.checkpoints.canonical import unwrap
from swinsr.checkpoints.classifier import load_classifier
from swinsr.checkpoints.owners import is_averaged, is_raw
from swinsr.classify.classifier import Classifier
from tests.checkpoints.samples import tiny
from tests.models.test_swin import tiny as tiny_swin

# As BasicSR, Real-ESRGAN, timm, PyTorch Lightning, mmagic, KAIR and others write them.
PAIRS = [
    ("params_ema", "params"),
    ("params-ema", "params"),
    ("ema", "params"),
    ("EMA", "model"),
    ("state_dict_ema", "state_dict"),
    ("ema_state_dict", "model_state_dict"),
    ("model_ema", "model"),
    ("model_ema_state_dict", "model_state_dict"),
    ("modelEma", "model"),
    ("ema_model", "model"),
    ("net_g_ema", "net_g"),
    ("netG_EMA", "netG"),
    ("G_ema", "G"),
    ("generator_ema", "generator"),
    ("ema_params_0.999", "params"),
    ("ema_weights", "weights"),
    ("swa_model", "model"),
    ("averaged_params", "params"),
]
IDS = [pair[0] for pair in PAIRS]


def weights(value: float) -> dict[str, Tensor]:
    return {name: torch.full_like(t, value) for name, t in tiny().state_dict().items()}


def is_from(state: dict[str, Tensor], value: float) -> bool:
    return bool((state["conv_first.bias"] == value).all())


@pytest.mark.parametrize("first", ["averaged", "raw"])
@pytest.mark.parametrize(("averaged", "raw"), PAIRS, ids=IDS)
def test_averaged_weights_are_taken_in_either_order(
    tmp_path: Path, averaged: str, raw: str, first: str
) -> None:
    content: dict[str, Any] = {averaged: weights(0.5), raw: weights(0.25), "epoch": 7}
    if first == "raw":
        content = dict(reversed(content.items()))
    torch.save(content, tmp_path / "a.pth")
    model = load(tmp_path / "a.pth")
    assert is_from(model.network.state_dict(), 0.5)
    assert model.notes == (
        f"{tmp_path / 'a.pth'}: its averaged weights ({averaged}) are used, not {raw}",
    )
    assert describe(model).notes == model.notes


@pytest.mark.parametrize(("averaged", "raw"), PAIRS, ids=IDS)
def test_averaged_weights_are_taken_from_a_flat_list(
    tmp_path: Path, averaged: str, raw: str
) -> None:
    if "." in averaged:
        return
    parts = {raw: weights(0.25), averaged: weights(0.5)}
    flat = {f"{owner}.{name}": t for owner, part in parts.items() for name, t in part.items()}
    flat["discriminator.conv0.weight"] = torch.ones(1)
    save_file(flat, tmp_path / "a.safetensors")
    model = load(tmp_path / "a.safetensors")
    assert is_from(model.network.state_dict(), 0.5)
    assert f"({averaged}) are used, not {raw}" in model.notes[0]


@pytest.mark.parametrize("names", [("params_ema",), ("params",), ("ema",), ("model",)])
def test_nothing_is_said_where_there_was_no_choice(tmp_path: Path, names: tuple[str, ...]) -> None:
    torch.save({name: weights(0.5) for name in names}, tmp_path / "a.pth")
    assert load(tmp_path / "a.pth").notes == ()


def test_an_average_beside_weights_without_a_prefix(tmp_path: Path) -> None:
    state = weights(0.25) | {f"ema.{name}": t for name, t in weights(0.5).items()}
    torch.save(state, tmp_path / "a.pth")
    model = load(tmp_path / "a.pth")
    assert is_from(model.network.state_dict(), 0.5)
    assert "not those without a prefix" in model.notes[0]


def test_reads_pytorchs_averaged_model(tmp_path: Path) -> None:
    network = tiny()
    averaged = torch.optim.swa_utils.AveragedModel(network)
    torch.save(averaged.state_dict(), tmp_path / "a.pth")
    torch.save(
        {"state_dict": {f"net_g_ema.{k}": v for k, v in averaged.state_dict().items()}},
        tmp_path / "b.pth",
    )
    for name in ("a.pth", "b.pth"):
        loaded = load(tmp_path / name).network.state_dict()
        assert all(torch.equal(loaded[k], v) for k, v in network.state_dict().items())


def test_an_averages_settings_are_no_weights() -> None:
    raw = weights(0.25)
    content = {"params": raw, "ema": {"decay": torch.tensor(0.999), "updates": torch.tensor(5)}}
    assert unwrap(content) == raw


@pytest.mark.parametrize("inner", ["module", "state_dict", "params"])
def test_an_average_in_a_box_of_its_own(inner: str) -> None:
    content = {"model": weights(0.25), "ema": {"decay": 0.999, inner: weights(0.5)}}
    assert is_from(unwrap(content), 0.5)


@pytest.mark.parametrize("name", ["net_d_ema", "ema_discriminator", "optimizer", "ema_scheduler"])
def test_a_discriminators_average_is_not_the_networks(name: str) -> None:
    assert not is_averaged(name) and not is_raw(name)
    content = {name: {"conv0.weight": torch.ones(1)}, "params": weights(0.25)}
    assert is_from(unwrap(content), 0.25)


@pytest.mark.parametrize(
    ("averaged", "raw"),
    [("model_ema", "model"), ("state_dict_ema", "state_dict"), ("ema", "model")],
)
@pytest.mark.parametrize("flat", [False, True], ids=["nested", "flat"])
def test_classifiers_too(tmp_path: Path, averaged: str, raw: str, flat: bool) -> None:
    network = tiny_swin("swin")
    parts = {
        raw: {k: torch.full_like(t, 0.25) for k, t in network.state_dict().items()},
        averaged: network.state_dict(),
    }
    if flat:
        content: Any = {f"{o}.{k}": t for o, part in parts.items() for k, t in part.items()}
    else:
        content = parts
    torch.save(content, tmp_path / "swin.pth")
    loaded = load_classifier(tmp_path / "swin.pth")
    assert torch.equal(loaded.network.norm.weight, network.norm.weight)
    assert f"({averaged}) are used, not {raw}" in loaded.notes[0]
    assert Classifier.from_pretrained(tmp_path / "swin.pth").notes == loaded.notes


def test_whoever_runs_the_model_is_told(tmp_path: Path) -> None:
    torch.save({"params": weights(0.25), "params_ema": weights(0.5)}, tmp_path / "a.pth")
    notes = Upscaler.from_pretrained(tmp_path / "a.pth").engine.notes
    assert any("averaged weights (params_ema)" in note for note in notes)
