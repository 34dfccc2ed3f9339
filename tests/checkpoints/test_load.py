"""From files to networks: round trips, and what does not fit."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from swinsr.checkpoints import load, save
from swinsr.checkpoints.read import read_tensors
from swinsr.errors import CheckpointError, CheckpointReadError, WeightsMismatchError
from swinsr.models import from_published
from tests.checkpoints.samples import TINY, same_output, tiny

ROOT = Path(__file__).parents[2]
LOSES: dict[str, Callable[[dict[str, Any]], object]] = {
    "missing": lambda state: state.pop("norm.weight"),
    "surplus": lambda state: state.update({"extra.weight": torch.ones(1)}),
    "of the wrong shape": lambda state: state.update({"norm.weight": torch.ones(5)}),
}


@pytest.mark.parametrize("name", ["swinsr-light-x2", "swinsr-light-x4"])
def test_loads_bundled_weights(name: str) -> None:
    model = load(ROOT / "weights" / f"{name}.safetensors")
    assert f"x{model.config.scale}" in name and not model.inferred
    assert model.metadata["task"] == "classical_sr"
    assert not model.network.training
    assert all(p.requires_grad and p.dtype == torch.float32 for p in model.network.parameters())


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
@pytest.mark.parametrize("wrap", [None, "params_ema", "params", "model"])
@pytest.mark.parametrize("legacy", [False, True])
def test_loads_pytorch_files(tmp_path: Path, family: str, wrap: str | None, legacy: bool) -> None:
    network = tiny(family, window_size=8, img_size=64)
    state = network.state_dict()
    torch.save(
        {wrap: state} if wrap else state,
        tmp_path / "a.pth",
        _use_new_zipfile_serialization=not legacy,
    )
    model = load(str(tmp_path / "a.pth"))
    assert model.config == network.config and "img_range" in model.inferred
    assert same_output(model.network, network)


def test_a_loaded_network_no_longer_depends_on_its_file(tmp_path: Path) -> None:
    network = tiny()
    path = save(network, tmp_path / "a.safetensors", task="x")
    torch.save(network.state_dict(), tmp_path / "a.pth")
    models = [load(path), load(tmp_path / "a.pth")]
    for file in (path, tmp_path / "a.pth"):
        file.write_bytes(b"\xff" * file.stat().st_size)
    assert all(same_output(model.network, network) for model in models)


def test_loading_draws_no_random_numbers(tmp_path: Path) -> None:
    path = save(tiny(), tmp_path / "a.safetensors", task="x")
    before = torch.get_rng_state()
    load(path)
    assert torch.equal(torch.get_rng_state(), before)


def test_buffers_in_a_file_are_never_trusted(tmp_path: Path) -> None:
    network = tiny("swin2sr", upsampler="pixelshuffle")
    path = save(network, tmp_path / "a.safetensors", task="x", keep_buffers=True)
    state = dict(read_tensors(path).tensors)
    for name in state:
        if name.endswith(("relative_position_index", "attn_mask", "relative_coords_table")):
            state[name] = torch.zeros_like(state[name])
    save_file(state, path, {"family": "swin2sr", "config": json.dumps(network.config.to_dict())})
    assert same_output(load(path).network, network)


@pytest.mark.parametrize("fault", LOSES)
@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_names_tensors_that_do_not_fit(tmp_path: Path, family: str, fault: str) -> None:
    state = dict(tiny(family).state_dict())
    total = len(state)
    LOSES[fault](state)
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(WeightsMismatchError) as caught:
        load(tmp_path / "a.pth")
    message = str(caught.value)
    assert message.startswith(str(tmp_path / "a.pth")) and f"1 {fault}:" in message
    assert ("extra.weight" if fault == "surplus" else "norm.weight") in message
    assert f"{total} tensors" in message and "x2 (pixelshuffledirect, 4 channels" in message
    if fault == "of the wrong shape":
        assert "5 where 4 is expected" in message


def test_counts_many_faults_and_lists_a_few(tmp_path: Path) -> None:
    state = {k: v for k, v in tiny().state_dict().items() if "norm" not in k}
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(WeightsMismatchError, match=r"\d\d missing: (\S+, ){3}\.\.\.$"):
        load(tmp_path / "a.pth")


def test_not_strict_forgives_surplus_tensors_only(tmp_path: Path) -> None:
    path = tmp_path / "a.pth"
    for fault, lose in LOSES.items():
        state = dict(tiny().state_dict())
        lose(state)
        torch.save(state, path)
        if fault == "surplus":
            assert same_output(load(path, strict=False).network, tiny())
        else:
            with pytest.raises(WeightsMismatchError):
                load(path, strict=False)


def test_refuses_weights_that_are_not_finite(tmp_path: Path) -> None:
    state = dict(tiny().state_dict())
    state["norm.bias"] = torch.tensor([0.0, float("nan"), 0.0, 0.0])
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(WeightsMismatchError, match=r"a\.pth holds nan or infinity in norm\.bias"):
        load(tmp_path / "a.pth")


def write_with(path: Path, config: object, family: str = "swinir", **changes: Any) -> Path:
    text = config if isinstance(config, str) else json.dumps(config)
    state = from_published("swinir", TINY | changes).state_dict()
    save_file(dict(state), path, {"family": family, "config": text})
    return path


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"embed_dim": 8}, "metadata says embed_dim 8, its tensors have 4"),
        ({"upscale": 3}, "says upscale 3"),
        ({"depths": [2, 2]}, r"says depths \(2, 2\)"),
        ({"depths": [10**9, 2]}, "says depths"),
        ({"window_size": 4}, "says window_size 4"),
        ({"mlp_ratio": 4}, "says mlp_ratio 4.0, its tensors have 2.0"),
        ({"upsampler": "pixelshuffle"}, "says upsampler"),
        ({"in_chans": 1, "upscale": 2}, "says in_chans 1"),
        ({"qkv_bias": False}, "says qkv_bias False"),
    ],
)
def test_refuses_metadata_that_contradicts_the_tensors(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    with pytest.raises(WeightsMismatchError, match=words):
        load(write_with(tmp_path / "a.safetensors", TINY | change))


def test_refuses_another_family_in_the_metadata(tmp_path: Path) -> None:
    with pytest.raises(WeightsMismatchError, match="says swin2sr, its tensors are swinir's"):
        load(write_with(tmp_path / "a.safetensors", TINY, family="swin2sr"))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("{", "not valid JSON"),
        ("[1]", "no settings by name"),
        (TINY | {"embed_dim": "4"}, "embed_dim"),
        (TINY | {"depths": 3}, "wrong type"),
        (TINY | {"depths": ["a"]}, "wrong type"),
        (TINY | {"img_range": float("inf")}, "img_range cannot be inf"),
        (TINY | {"qkv_bias": "false"}, "qkv_bias cannot be 'false'"),
        (TINY | {"qk_scale": "x"}, "qk_scale cannot be 'x'"),
        (TINY | {"window_size": 100_000}, "above 64"),
        (TINY | {"colour": 1}, "no setting colour"),
        (TINY | {"resi_connection": "9conv"}, "resi_connection"),
    ],
)
def test_refuses_unusable_metadata(tmp_path: Path, config: object, words: str) -> None:
    with pytest.raises(CheckpointError, match=words) as caught:
        load(write_with(tmp_path / "a.safetensors", config))
    assert str(caught.value).startswith(str(tmp_path))


def test_patches_smaller_than_a_window_agree_with_their_tensors(tmp_path: Path) -> None:
    path = write_with(tmp_path / "a.safetensors", TINY | {"window_size": 16}, window_size=16)
    assert load(path).network.shift == 0


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)
@given(name=st.sampled_from(sorted(from_published("swin2sr", TINY).config.to_dict())), value=JSON)
def test_any_metadata_gives_a_network_or_a_checkpoint_error(
    tmp_path: Path, name: str, value: object
) -> None:
    path = write_with(tmp_path / "a.safetensors", TINY | {name: value})
    try:
        load(path).network(torch.rand(1, 3, 4, 4))
    except CheckpointError as error:
        assert str(error).startswith(str(path))


def test_a_description_larger_than_the_file_is_not_built(tmp_path: Path) -> None:
    state = dict(tiny().state_dict())
    state["conv_first.weight"] = torch.ones(60_000, 3, 1, 1)
    torch.save(state, tmp_path / "a.pth")
    with pytest.raises(WeightsMismatchError, match="needs at least"):
        load(tmp_path / "a.pth")


def test_folder_without_weights_is_named(tmp_path: Path) -> None:
    with pytest.raises(CheckpointReadError, match=r"folder without model\.safetensors"):
        load(tmp_path)


def test_reads_the_older_names_of_the_bias_network(tmp_path: Path) -> None:
    network = tiny("swin2sr")
    state = {k.replace(".cpb_mlp.", ".rpe_mlp."): t for k, t in network.state_dict().items()}
    torch.save(state, tmp_path / "a.pth")
    loaded = load(tmp_path / "a.pth").network.state_dict()
    assert all(torch.equal(loaded[name], t) for name, t in network.state_dict().items())
