"""Networks: any size, any way of training, configurations checked."""

import copy
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from swinsr.errors import ConfigError, ShapeMismatchError
from swinsr.models import Swin2SRConfig, SwinIRConfig, config_from_published, from_published

TINY: dict[str, Any] = {
    "upscale": 2,
    "img_size": 16,
    "window_size": 4,
    "depths": [2, 1],
    "num_heads": [2, 2],
    "embed_dim": 8,
    "upsampler": "pixelshuffledirect",
}
HEADS = {"swinir": SwinIRConfig.upsamplers, "swin2sr": Swin2SRConfig.upsamplers}
CASES = [(family, head) for family, heads in HEADS.items() for head in heads]


def tiny(family: str, head: str, **changes: Any) -> Any:
    config = TINY | {"upsampler": head, "upscale": 2 if head else 1} | changes
    return from_published(family, config)


@pytest.mark.parametrize(("family", "head"), CASES)
@settings(max_examples=8, deadline=None)
@given(height=st.integers(1, 11), width=st.integers(1, 11))
def test_takes_every_size(family: str, head: str, height: int, width: int) -> None:
    network = tiny(family, head)
    with torch.no_grad():
        out = network.forward_head(torch.rand(1, 3, height, width)).image
    scale = network.config.upscale
    assert out.shape == (1, 3, height * scale, width * scale)
    assert out.isfinite().all()


@pytest.mark.parametrize(("family", "head"), CASES)
def test_training_reaches_every_parameter(family: str, head: str) -> None:
    torch.manual_seed(0)
    network = tiny(family, head, drop_rate=0.1, attn_drop_rate=0.1).train()
    out = network(torch.rand(2, 3, 8, 12))
    sum(t.sum() for t in (out if isinstance(out, tuple) else (out,))).backward()
    missing = [n for n, p in network.named_parameters() if p.grad is None]
    assert missing == []


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_gradient_checkpointing_changes_no_gradient(family: str) -> None:
    torch.manual_seed(0)
    plain = tiny(family, "pixelshuffledirect", drop_path_rate=0.0).train()
    saving = tiny(family, "pixelshuffledirect", drop_path_rate=0.0, use_checkpoint=True).train()
    saving.load_state_dict(plain.state_dict())
    image = torch.rand(1, 3, 8, 8)
    for network in (plain, saving):
        network(image).square().sum().backward()
    for mine, other in zip(plain.parameters(), saving.parameters(), strict=True):
        assert torch.allclose(mine.grad, other.grad, rtol=1e-5, atol=1e-6)


def test_pictures_of_a_batch_do_not_see_each_other() -> None:
    network = tiny("swin2sr", "pixelshuffle")
    images = torch.rand(3, 3, 9, 6)
    with torch.no_grad():
        together = network(images)
        alone = torch.cat([network(image[None]) for image in images])
    assert torch.allclose(together, alone, atol=1e-5)


def test_copy_is_independent() -> None:
    network = tiny("swin2sr", "pixelshuffle_hf")
    twin = copy.deepcopy(network)
    with torch.no_grad():
        for parameter in twin.parameters():
            parameter.zero_()
        image = torch.rand(1, 3, 8, 8)
        assert not torch.allclose(network(image)[1], twin(image)[1])


def test_position_embedding_is_used_and_interpolated() -> None:
    network = tiny("swinir", "pixelshuffledirect", ape=True)
    image = torch.rand(1, 3, 12, 20)
    with torch.no_grad():
        before = network(image)
        network.absolute_pos_embed.normal_()
        assert not torch.allclose(before, network(image), atol=1e-3)


def test_windows_shrink_to_tiny_training_patches_without_shift() -> None:
    network = tiny("swinir", "pixelshuffledirect", img_size=4, window_size=8)
    assert network.window == 4
    assert not any(b.shift for layer in network.layers for b in layer.residual_group.blocks)


@pytest.mark.parametrize("shape", [(3, 8, 8), (1, 1, 8, 8), (1, 4, 8, 8), (1, 3, 0, 8)])
def test_refuses_what_is_no_batch_of_pictures(shape: tuple[int, ...]) -> None:
    with pytest.raises(ShapeMismatchError, match="batch, 3, height, width"):
        tiny("swinir", "")(torch.zeros(shape))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"embed_dim": 9}, "9 does not divide into 2"),
        ({"depths": [2]}, "one entry a group"),
        ({"upsampler": "pixelshuffle_aux"}, "no upsampler 'pixelshuffle_aux'"),
        ({"upscale": 0}, "at least 1"),
        ({"upscale": 6, "upsampler": "pixelshuffle"}, "power of 2, not by 6"),
        ({"upscale": 3, "upsampler": "nearest+conv"}, "2 or 4, not by 3"),
        ({"upsampler": ""}, "needs an upsampler"),
        ({"resi_connection": "2conv"}, "not '2conv'"),
        ({"drop_rate": 1.0}, "drop_rate"),
        ({"window": 8}, "no setting window"),
        ({"patch_size": 4}, "patch_size is 1"),
    ],
)
def test_refuses_impossible_configurations(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_published("swinir", TINY | change)


def test_refuses_unknown_family() -> None:
    with pytest.raises(ConfigError, match="unknown network family 'hat'"):
        config_from_published("hat", {})


def test_configuration_survives_json() -> None:
    config = config_from_published("swin2sr", TINY)
    assert config_from_published("swin2sr", config.to_dict()) == config
    assert config != SwinIRConfig(**TINY)


def test_results_do_not_depend_on_memory_layout() -> None:
    network = tiny("swinir", "nearest+conv")
    image = torch.rand(2, 3, 10, 14)
    with torch.no_grad():
        plain = network(image)
        for other in (
            image.contiguous(memory_format=torch.channels_last),
            image.transpose(2, 3).contiguous().transpose(2, 3),
        ):
            assert torch.allclose(network(other), plain, atol=1e-6)


def test_small_pictures_are_mirrored_again_and_again() -> None:
    """A 2x3 picture is padded as numpy's reflect mode pads it, here by hand to 4x4."""
    network = tiny("swinir", "pixelshuffledirect")
    image = torch.rand(1, 3, 2, 3)
    padded = torch.from_numpy(
        np.pad(image.numpy(), ((0, 0), (0, 0), (0, 2), (0, 1)), mode="reflect")
    )
    with torch.no_grad():
        assert torch.allclose(network(image), network(padded)[..., :4, :6], atol=1e-6)
