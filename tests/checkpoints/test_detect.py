"""Build, take the tensors, detect: the same configuration."""

from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from torch import Tensor

from swinsr.checkpoints.detection.restoration import detect
from swinsr.checkpoints.layouts.official import official_buffers
from swinsr.errors import WeightsMismatchError
from swinsr.models import RestorationConfig, build, config_from_published
from tests.checkpoints.samples import configs, meta_state, tiny
from tests.parity.golden_cases import INDEX, RESTORATION

ALWAYS = {"img_range", "drop_rate", "attn_drop_rate", "drop_path_rate", "use_checkpoint"}


def differing(a: RestorationConfig, b: RestorationConfig) -> set[str]:
    assert type(a) is type(b)
    ours, theirs = a.to_dict(), b.to_dict()
    return {key for key in ours if ours[key] != theirs[key]}


@cache
def golden_config(name: str) -> RestorationConfig:
    return config_from_published(INDEX[name]["family"], INDEX[name]["config"])


@pytest.mark.parametrize("name", RESTORATION)
def test_detects_published_network_without_buffers(name: str) -> None:
    config = golden_config(name)
    found = detect(meta_state(config))
    # Two published networks were trained on patches of 48, which nothing but buffers tells.
    assert differing(found.config, config) <= ({"img_size"} if config.img_size == 48 else set())
    v1 = config.family == "swinir"
    own = {"qk_scale"} if v1 else {"window_size", "pretrained_window_size"}
    assert set(found.inferred) == ALWAYS | own | {"img_size"}


@pytest.mark.parametrize("name", RESTORATION)
def test_detects_published_network_with_its_buffers(name: str) -> None:
    state = {k: torch.empty(shape, device="meta") for k, shape in INDEX[name]["keys"].items()}
    found = detect(state)
    assert found.config == golden_config(name)
    v1 = found.config.family == "swinir"
    assert set(found.inferred) == ALWAYS | {"qk_scale" if v1 else "pretrained_window_size"}


def assert_recovers(state: dict[str, Tensor], config: RestorationConfig, told: set[str]) -> None:
    found = detect(state)
    wrong = differing(found.config, config) - set(found.inferred)
    if "mlp_ratio" in wrong:  # only the hidden width can be told
        width = config.embed_dim
        assert int(width * found.config.mlp_ratio) == int(width * config.mlp_ratio)
        wrong.remove("mlp_ratio")
    assert not wrong
    assert not told & set(found.inferred)


@settings(deadline=None)
@given(case=configs())
def test_what_is_not_inferred_is_right(case: tuple[str, dict[str, Any]]) -> None:
    config = config_from_published(*case)
    told = {"window_size"} if case[0] == "swinir" else set()
    assert_recovers(
        build(config).state_dict(), config, told | ({"img_size"} if config.ape else set())
    )


@settings(deadline=None, max_examples=30)
@given(case=configs())
def test_buffers_tell_the_window_the_patch_and_the_pretrained_window(
    case: tuple[str, dict[str, Any]],
) -> None:
    network = build(config_from_published(*case))
    config = network.config
    told = {"window_size"}
    if config.ape or (max(config.depths) > 1 and config.window_size > 1):
        told.add("img_size")
    if config.family == "swin2sr":
        if config.pretrained_window_size == config.window_size:  # the same as 0
            return
        if config.window_size > 1:
            told.add("pretrained_window_size")
    assert_recovers(network.state_dict() | official_buffers(network), config, told)


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_one_missing_tensor_never_changes_the_message_to_another_networks(family: str) -> None:
    state = tiny(family).state_dict()
    for name in state:
        try:
            detect({k: v for k, v in state.items() if k != name})
        except WeightsMismatchError as error:
            assert name.rpartition(".attn.")[2] in str(error)


def test_names_a_gap_between_blocks() -> None:
    state = {k: v for k, v in tiny(depths=[3, 1]).state_dict().items() if ".blocks.1." not in k}
    with pytest.raises(WeightsMismatchError, match=r"no tensors of layers\.0\.\S+blocks\.1,"):
        detect(state)


@pytest.mark.parametrize(
    ("name", "shape", "words"),
    [
        ("conv_first.weight", (4, 3), "4 sides are expected"),
        ("upsample.0.weight", (7, 4, 3, 3), "no square number"),
        (
            "layers.0.residual_group.blocks.0.attn.relative_position_bias_table",
            (10, 1),
            "no window",
        ),
        (
            "layers.1.residual_group.blocks.0.attn.relative_position_bias_table",
            (9, 3),
            "3 attention",
        ),
        ("layers.0.residual_group.blocks.0.mlp.fc1.weight", (0, 4), "2 sides"),
    ],
)
def test_rejects_impossible_shapes(name: str, shape: tuple[int, ...], words: str) -> None:
    state = tiny().state_dict() | {name: torch.zeros(shape)}
    with pytest.raises(WeightsMismatchError, match=words):
        detect(state)
