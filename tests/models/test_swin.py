"""The hierarchical networks: published outputs, sizes, stages, and every option."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from swinsr.errors import ConfigError, ShapeMismatchError
from swinsr.models.swin import SwinTransformer, SwinTransformerV2, classifier_from_published
from swinsr.nn.block import SwinBlock
from swinsr.ops.position import relative_coords_table
from tests.golden.weights import golden_state

GOLDEN = Path(__file__).parents[1] / "golden"
INDEX: dict[str, dict[str, Any]] = json.loads((GOLDEN / "index.json").read_text())
CASES = sorted(name for name, case in INDEX.items() if case["family"] in ("swin", "swinv2"))
BOUND = 2e-5
TINY: dict[str, Any] = {
    "img_size": 32,
    "patch_size": 2,
    "embed_dim": 8,
    "depths": (2, 2),
    "num_heads": (2, 4),
    "window_size": 4,
    "num_classes": 5,
}


def tiny(family: str, **changes: Any) -> SwinTransformer:
    torch.manual_seed(0)
    network = classifier_from_published(family, TINY | changes)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.2)
    return network


def picture(height: int, width: int, batch: int = 1) -> Tensor:
    return torch.randn(batch, 3, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("name", CASES)
def test_features_and_logits_equal_the_published_network(name: str) -> None:
    case = INDEX[name]
    network = classifier_from_published(case["family"], case["config"])
    state = golden_state(case["keys"])
    network.load_state_dict({key: torch.from_numpy(value) for key, value in state.items()})
    assert sum(p.numel() for p in network.parameters()) == case["params"]
    with np.load(GOLDEN / f"{name}.npz") as arrays, torch.inference_mode():
        image = torch.from_numpy(arrays["input"])
        features = network.forward_features(image)
        assert np.abs(features.numpy() - arrays["features"]).max() <= BOUND
        assert np.abs(network.head(features).numpy() - arrays["output"]).max() <= BOUND


def test_all_four_published_cases_are_there() -> None:
    assert len(CASES) == 4


@pytest.mark.parametrize("family", ["swin", "swinv2"])
@pytest.mark.parametrize("size", [(1, 1), (5, 31), (33, 32), (64, 40)])
def test_any_size_gives_logits_and_halving_maps(family: str, size: tuple[int, int]) -> None:
    network = tiny(family)
    with torch.inference_mode():
        assert network(picture(*size)).shape == (1, 5)
        first, second = network.forward_stages(picture(*size))
    height, width = -(-size[0] // 2), -(-size[1] // 2)
    assert first.shape == (1, 8, height, width)
    assert second.shape == (1, 16, -(-height // 2), -(-width // 2))


@pytest.mark.parametrize("family", ["swin", "swinv2"])
def test_last_map_normalised_and_averaged_is_the_features(family: str) -> None:
    network = tiny(family)
    with torch.inference_mode():
        last = network.forward_stages(picture(32, 48))[-1]
        pooled = network.norm(last.permute(0, 2, 3, 1)).mean((1, 2))
        assert torch.allclose(network.forward_features(picture(32, 48)), pooled, atol=1e-6)


@pytest.mark.parametrize("family", ["swin", "swinv2"])
def test_zero_padding_is_the_same_as_zeros_in_the_picture_where_patches_are_cut(
    family: str,
) -> None:
    network = tiny(family)
    padded = torch.zeros(1, 3, 32, 32)
    padded[..., :31, :31] = picture(31, 31)
    with torch.inference_mode():
        assert torch.equal(network(picture(31, 31)), network(padded))


def test_window_is_clipped_where_the_map_is_smaller() -> None:
    network = SwinTransformer(**TINY | {"window_size": 12})
    windows = [b.window for b in network.modules() if isinstance(b, SwinBlock)]
    assert windows == [12, 12, 8, 8]
    assert network.layers[1].blocks[0].attn.relative_position_bias_table.shape == (15**2, 4)


def test_no_shift_where_one_window_covers_a_side() -> None:
    block = tiny("swin").layers[0].blocks[1]
    assert (block.shift_at(8, 8), block.shift_at(4, 8), block.shift_at(3, 9)) == (2, 0, 0)


def test_no_classes_gives_features() -> None:
    network = tiny("swin", num_classes=0)
    with torch.inference_mode():
        assert torch.equal(network(picture(32, 32)), network.forward_features(picture(32, 32)))
    assert not [name for name in network.state_dict() if name.startswith("head")]


def test_drop_path_grows_linearly_with_depth() -> None:
    network = tiny("swinv2", drop_path_rate=0.3)
    rates = [b.drop_path.rate for b in network.modules() if isinstance(b, SwinBlock)]
    assert rates == pytest.approx([0.0, 0.1, 0.2, 0.3])


@pytest.mark.parametrize("option", ["drop_rate", "attn_drop_rate", "drop_path_rate"])
def test_dropout_acts_in_training_only(option: str) -> None:
    network = tiny("swin", **{"drop_path_rate": 0.0, option: 0.5})
    image = picture(32, 32, batch=4)
    with torch.no_grad():
        assert torch.equal(network(image), network(image))
        network.train()
        assert not torch.equal(network(image), network(image))


@pytest.mark.parametrize("family", ["swin", "swinv2"])
def test_checkpointing_changes_no_gradient(family: str) -> None:
    gradients = []
    for recompute in (False, True):
        network = tiny(family, use_checkpoint=recompute, drop_path_rate=0.0).train()
        network(picture(32, 32)).square().sum().backward()
        gradients.append([p.grad for p in network.parameters()])
    for one, other in zip(*gradients, strict=True):
        assert one is not None and other is not None and torch.equal(one, other)


@pytest.mark.parametrize("family", ["swin", "swinv2"])
def test_without_qkv_bias_there_is_none(family: str) -> None:
    names = tiny(family, qkv_bias=False).state_dict()
    assert not [n for n in names if n.endswith(("qkv.bias", "q_bias", "v_bias"))]


def test_qk_scale_replaces_the_scale() -> None:
    same, other = tiny("swin", qk_scale=4**-0.5), tiny("swin", qk_scale=1.0)
    with torch.inference_mode():
        assert torch.equal(same(picture(32, 32)), tiny("swin")(picture(32, 32)))
        assert not torch.allclose(other(picture(32, 32)), same(picture(32, 32)))


def test_fused_window_process_changes_no_result() -> None:
    with torch.inference_mode():
        fused = tiny("swin", fused_window_process=True)(picture(32, 32))
        assert torch.equal(fused, tiny("swin")(picture(32, 32)))


def test_absolute_positions_are_interpolated_at_another_size() -> None:
    network = tiny("swin", ape=True)
    with torch.no_grad():
        assert network.absolute_pos_embed is not None
        network.absolute_pos_embed.fill_(0.5)  # a constant stays one, whatever the size
        plain = tiny("swin")
        plain.load_state_dict(
            {k: v for k, v in network.state_dict().items() if k != "absolute_pos_embed"}
        )
        expected = plain.patch_embed(picture(40, 24)) + 0.5
        assert torch.allclose(network.embed(picture(40, 24)), expected, atol=1e-6)


def test_v2_blocks_begin_as_the_identity() -> None:
    network = SwinTransformerV2(**TINY).eval()
    tokens = torch.randn(1, 16, 16, 8)
    with torch.inference_mode():
        assert torch.equal(network.layers[0].run_blocks(tokens), tokens)


def test_v2_window_transfer_measures_offsets_in_the_trained_window() -> None:
    small, large = relative_coords_table(8), relative_coords_table(16, 8)
    assert torch.allclose(large[8:23, 8:23], small)  # near neighbours keep their bias
    assert float(large.max()) > 1.0  # and further ones are extrapolated


def test_v2_takes_the_published_default_of_four_windows_for_fewer_stages() -> None:
    network = SwinTransformerV2(**TINY, pretrained_window_sizes=[0, 0, 0, 0])
    assert network.config.pretrained_window_sizes == (0, 0)  # type: ignore[attr-defined]


def test_published_buffers_in_a_state_are_ignored() -> None:
    network = tiny("swin")
    state = dict(network.state_dict())
    state["layers.0.blocks.1.attn_mask"] = torch.full((1,), float("nan"))
    state["layers.0.blocks.0.attn.relative_position_index"] = torch.zeros(1)
    network.load_state_dict(state)
    assert not torch.isnan(network(picture(32, 32))).any()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"embed_dim": 9}, "9 channels"),
        ({"depths": (2, 2, 2)}, "one entry a stage"),
        ({"depths": (1,) * 9, "num_heads": (1,) * 9}, "too small for 9 stages"),
        ({"num_classes": -1}, "num_classes"),
        ({"drop_path_rate": 1.0}, "drop_path_rate"),
        ({"img_size": (32, 16)}, "square"),
        ({"colour": 3}, "no setting colour"),
        ({"mlp_ratio": 0.0}, "mlp_ratio"),
    ],
)
def test_refuses_what_cannot_be_built(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        classifier_from_published("swin", TINY | changes)


def test_refuses_windows_that_do_not_match_the_stages() -> None:
    with pytest.raises(ConfigError, match="pretrained_window_sizes"):
        SwinTransformerV2(**TINY, pretrained_window_sizes=[8])


def test_refuses_the_other_familys_configuration() -> None:
    with pytest.raises(ConfigError, match="SwinTransformerV2 takes"):
        SwinTransformerV2(SwinTransformer(**TINY).config)


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 4, 32, 32), (1, 3, 0, 32)])
def test_refuses_what_is_no_batch_of_pictures(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeMismatchError, match="the network takes"):
        tiny("swin")(torch.zeros(shape))
