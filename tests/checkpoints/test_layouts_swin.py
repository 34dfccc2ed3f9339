"""Swin and Swin V2 in the layouts of Microsoft, timm and Hugging Face, both ways."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from swinsr.checkpoints.classifier import load_classifier
from swinsr.checkpoints.classifier_save import save_classifier
from swinsr.checkpoints.detection.swin import detect_classifier
from swinsr.checkpoints.layouts.huggingface_swin import swin_from_huggingface, swin_to_huggingface
from swinsr.checkpoints.layouts.huggingface_swin_config import classifier_config_from_huggingface
from swinsr.checkpoints.layouts.microsoft import published_buffers
from swinsr.checkpoints.layouts.timm_swin import is_timm_swin, swin_from_timm, swin_to_timm
from swinsr.errors import (
    CheckpointReadError,
    ConfigError,
    ModelNotFoundError,
    UnknownArchitectureError,
    WeightsMismatchError,
)
from swinsr.models import SwinTransformer, SwinTransformerV2, classifier_from_published
from tests.golden.weights import BUFFERS
from tests.models.test_swin import CASES, INDEX, tiny

FAMILIES = ("swin", "swinv2")
LAYOUTS = ("microsoft", "timm", "huggingface")


def same(one: SwinTransformer, other: SwinTransformer) -> bool:
    states = one.state_dict(), other.state_dict()
    return states[0].keys() == states[1].keys() and all(
        torch.equal(states[0][k], states[1][k]) for k in states[0]
    )


def place(folder: Path, layout: str) -> Path:
    return folder / ("model" if layout == "huggingface" else "swin_window4_032.safetensors")


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("family", FAMILIES)
def test_saved_and_loaded_is_the_same_network(tmp_path: Path, layout: str, family: str) -> None:
    network = tiny(family)
    loaded = load_classifier(save_classifier(network, place(tmp_path, layout), layout=layout))
    assert loaded.layout == layout
    assert same(loaded.network, network)
    assert loaded.config == network.config
    image = torch.randn(1, 3, 24, 40)
    with torch.inference_mode():
        assert torch.equal(loaded.network(image), network(image))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(
    "changes",
    [
        {"qkv_bias": False},
        {"mlp_ratio": 1.5},
        {"num_classes": 0},
        {"ape": True, "patch_norm": False},
        {"window_size": 16},
        {"depths": (1, 3), "num_heads": (1, 8)},
    ],
)
def test_options_survive_in_the_published_layout(
    tmp_path: Path, family: str, changes: dict[str, Any]
) -> None:
    network = tiny(family, **changes)
    path = save_classifier(network, tmp_path / "model.safetensors", keep_buffers=True)
    assert load_classifier(path).config == network.config
    detected = detect_classifier({**network.state_dict(), **published_buffers(network)})
    assert detected.config == network.config  # without the metadata, too


@pytest.mark.parametrize("name", CASES)
def test_published_files_are_recognised_by_their_tensors(name: str) -> None:
    case = INDEX[name]
    with torch.device("meta"):
        tensors = {key: torch.empty(shape) for key, shape in case["keys"].items()}
        expected = classifier_from_published(case["family"], case["config"]).config
        if "transfer" in name:  # what only the values of a buffer tell
            tensors = {k: t for k, t in tensors.items() if "coords" not in k}
    found = detect_classifier(tensors, "window8to16_128to256" if "transfer" in name else "")
    if "transfer" in name:
        assert found.config.pretrained_window_sizes == (8, 8)  # type: ignore[attr-defined]
    else:
        assert found.config == expected


@pytest.mark.parametrize("name", CASES)
def test_kept_buffers_are_those_of_the_published_file(name: str) -> None:
    case = INDEX[name]
    network = classifier_from_published(case["family"], case["config"])
    published = {
        key: tuple(shape)
        for key, shape in case["keys"].items()
        if key.rpartition(".")[2] in BUFFERS
    }
    assert {k: tuple(t.shape) for k, t in published_buffers(network).items()} == published


def test_microsofts_wrapper_and_buffers_are_read(tmp_path: Path) -> None:
    network = tiny("swin")
    state = {**network.state_dict(), **published_buffers(network)}
    torch.save({"model": state, "epoch": 300}, tmp_path / "swin.pth")
    assert same(load_classifier(tmp_path / "swin.pth").network, network)


def test_window_transfer_is_read_from_the_name() -> None:
    tensors = tiny("swinv2", img_size=64, window_size=8).state_dict()
    found = detect_classifier(tensors, "swinv2_tiny_patch2_window4to8_032to064_22kto1k_ft")
    config = found.config
    assert (config.window_size, config.img_size) == (8, 64)
    assert config.pretrained_window_sizes == (4, 4)  # type: ignore[attr-defined]
    assert set(found.inferred) >= {"window_size", "img_size", "pretrained_window_sizes"}


def test_window_transfer_is_read_from_the_coordinates() -> None:
    network = SwinTransformerV2(
        img_size=64, patch_size=2, embed_dim=8, depths=(2, 2), num_heads=(1, 2), num_classes=2,
        window_size=8, pretrained_window_sizes=(4, 6),
    )  # fmt: skip
    found = detect_classifier({**network.state_dict(), **published_buffers(network)})
    assert found.config == network.config


@pytest.mark.parametrize("family", FAMILIES)
def test_timm_merges_at_the_start_of_the_next_stage(family: str) -> None:
    tensors = tiny(family).state_dict()
    theirs = swin_to_timm(tensors)
    assert "layers.1.downsample.reduction.weight" in theirs
    assert "head.fc.weight" in theirs and "head.weight" not in theirs
    assert is_timm_swin(theirs) and not is_timm_swin(tensors)
    back = swin_from_timm(theirs)
    assert back.keys() == tensors.keys()
    assert all(torch.equal(back[k], tensors[k]) for k in back)


@pytest.mark.parametrize("family", FAMILIES)
def test_timms_headless_layout_is_told_from_the_published(family: str) -> None:
    tensors = tiny(family, num_classes=0).state_dict()
    assert is_timm_swin(swin_to_timm(tensors)) and not is_timm_swin(tensors)


@pytest.mark.parametrize("family", FAMILIES)
def test_hugging_faces_names_there_and_back(family: str) -> None:
    tensors = tiny(family).state_dict()
    theirs = swin_to_huggingface(tensors, family)
    assert not theirs.keys() & tensors.keys()
    back = swin_from_huggingface(theirs)
    assert back.keys() == tensors.keys()
    assert all(torch.equal(back[k], tensors[k]) for k in back)


def test_timms_folder_gives_its_preparation(tmp_path: Path) -> None:
    save_classifier(tiny("swin"), tmp_path / "model.safetensors", layout="timm")
    preparation = {
        "input_size": [3, 32, 32],
        "interpolation": "bilinear",
        "crop_pct": 0.9,
        "mean": [0.5, 0.5, 0.5],
        "std": [0.25, 0.25, 0.25],
    }
    settings = {"architecture": "swin_window4_032", "pretrained_cfg": preparation}
    (tmp_path / "config.json").write_text(json.dumps(settings))
    loaded = load_classifier(tmp_path)
    assert loaded.config.img_size == 32
    assert loaded.processor["size"] == {"shortest_edge": 35}
    assert loaded.processor["crop_size"] == {"height": 32, "width": 32}
    assert loaded.processor["resample"] == 2


def test_from_pretrained_takes_files_and_folders(tmp_path: Path) -> None:
    network = tiny("swinv2")
    folder = save_classifier(network, tmp_path / "folder", layout="huggingface")
    assert same(SwinTransformerV2.from_pretrained(folder), network)
    with pytest.raises(WeightsMismatchError, match=r"SwinTransformerV2\.from_pretrained"):
        SwinTransformer.from_pretrained(folder)
    with pytest.raises(ModelNotFoundError):
        SwinTransformer.from_pretrained("nothing-of-that-name")


def test_labels_come_from_the_configuration(tmp_path: Path) -> None:
    labels = ["a cat", "a dog", "a bird", "a fish", "a fly"]
    folder = save_classifier(tiny("swin"), tmp_path / "m", layout="huggingface", labels=labels)
    assert load_classifier(folder).labels == tuple(labels)


@pytest.mark.parametrize(
    ("family", "changes", "message"),
    [
        ("swin", {"patch_norm": False}, "patch_norm"),
        ("swin", {"qk_scale": 0.3}, "qk_scale"),
        ("swin", {"window_size": 16}, "window_size"),
        ("swinv2", {"ape": True}, "ape"),
        ("swin", {"num_classes": 0}, "num_classes"),
    ],
)
def test_refuses_to_save_what_hugging_face_cannot_build(
    tmp_path: Path, family: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        save_classifier(tiny(family, **changes), tmp_path / "m", layout="huggingface")
    assert not (tmp_path / "m").exists()


def spoiled(change: str) -> dict[str, Tensor]:
    tensors = dict(tiny("swin").state_dict())
    if change == "missing":
        del tensors["layers.1.blocks.1.mlp.fc2.bias"]
    elif change == "surplus":
        tensors["layers.0.blocks.0.more"] = torch.zeros(1)
    elif change == "misshapen":
        tensors["norm.weight"] = torch.zeros(3)
    elif change == "nan":
        tensors["norm.weight"] = torch.full_like(tensors["norm.weight"], float("nan"))
    elif change == "stage":
        tensors = {k: t for k, t in tensors.items() if not k.startswith("layers.0.")}
    elif change == "table":
        tensors["layers.0.blocks.0.attn.relative_position_bias_table"] = torch.zeros(50, 2)
    return tensors


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("missing", "1 missing: layers.1.blocks.1.mlp.fc2.bias"),
        ("surplus", "1 surplus"),
        ("misshapen", "wrong shape: norm.weight"),
        ("nan", "nan or infinity in norm.weight"),
        ("table", "50 rows"),
    ],
)
def test_names_what_does_not_fit(tmp_path: Path, change: str, message: str) -> None:
    torch.save(spoiled(change), tmp_path / "swin_window4_032.pth")
    with pytest.raises(WeightsMismatchError, match=message):
        load_classifier(tmp_path / "swin_window4_032.pth")


def test_refuses_other_networks(tmp_path: Path) -> None:
    torch.save(spoiled("stage"), tmp_path / "some.pth")
    with pytest.raises(UnknownArchitectureError, match="no Swin classifier"):
        load_classifier(tmp_path / "some.pth")
    save_classifier(tiny("swin"), tmp_path / "m", layout="huggingface")
    settings = json.loads((tmp_path / "m/config.json").read_text())
    (tmp_path / "m/config.json").write_text(json.dumps(settings | {"model_type": "vit"}))
    with pytest.raises(UnknownArchitectureError, match="'vit'"):
        load_classifier(tmp_path / "m")
    (tmp_path / "m/config.json").write_text(json.dumps(settings | {"hidden_act": "relu"}))
    with pytest.raises(CheckpointReadError, match="hidden_act"):
        load_classifier(tmp_path / "m")


@pytest.mark.parametrize(("layout", "name"), [("torch", "a.pth"), ("timm", "a.pth")])
def test_refuses_unknown_layouts_and_suffixes(tmp_path: Path, layout: str, name: str) -> None:
    with pytest.raises(ConfigError):
        save_classifier(tiny("swin"), tmp_path / name, layout=layout)


def test_reads_microsofts_older_names_of_the_bias_network(tmp_path: Path) -> None:
    network = tiny("swinv2")
    state = {k.replace(".cpb_mlp.", ".rpe_mlp."): t for k, t in network.state_dict().items()}
    assert any(".rpe_mlp." in name for name in state)
    torch.save({"model": state}, tmp_path / "swinv2.pth")
    loaded = load_classifier(tmp_path / "swinv2.pth").network.state_dict()
    assert all(torch.equal(loaded[name], t) for name, t in network.state_dict().items())


@pytest.mark.parametrize("family", [None, [], {"swin": 1}, 7, "vit"])
def test_settings_of_no_known_type_are_refused(family: Any) -> None:
    with pytest.raises(UnknownArchitectureError, match="model of type"):
        classifier_config_from_huggingface({"model_type": family}, 2)
