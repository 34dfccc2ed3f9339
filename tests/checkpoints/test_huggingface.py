"""transformers' Swin2SRForImageSuperResolution on random weights, both ways.

Compared in float64, where only an error of the conversion shows. Where transformers' forward
differs from the published network it is shown to differ by just that: docs/checkpoints.md.
"""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from swinsr.checkpoints import load, save_huggingface
from swinsr.checkpoints.layouts.huggingface import tensors_from_huggingface, tensors_to_huggingface
from swinsr.checkpoints.layouts.huggingface_config import (
    NAMES,
    config_from_huggingface,
    config_to_huggingface,
    otherwise_in_huggingface,
)
from swinsr.errors import CheckpointReadError, ConfigError, UnknownArchitectureError
from swinsr.models import RestorationNetwork, build
from tests.checkpoints.samples import same_output, tiny

transformers = pytest.importorskip("transformers", reason="transformers is not installed")
try:
    from transformers import Swin2SRConfig, Swin2SRForImageSuperResolution
except (ImportError, RuntimeError) as error:  # it imports its parts late
    pytest.skip(f"transformers has no Swin2SR: {error}", allow_module_level=True)

BOUND = 1e-10  # of outputs of magnitude 1 to 10, in float64
SR_HEADS = [
    ("pixelshuffle", 2, 3),
    ("pixelshuffle", 3, 3),
    ("pixelshuffle", 4, 1),
    ("pixelshuffle", 8, 3),
    ("pixelshuffledirect", 2, 3),
    ("pixelshuffledirect", 3, 1),
    ("nearest+conv", 4, 3),
]


def theirs(upsampler: str, scale: int, channels: int = 3, **changes: Any) -> Any:
    """Their network with random weights, in float64."""
    settings: dict[str, Any] = {
        "embed_dim": 12,
        "depths": [2, 3],
        "num_heads": [2, 3],
        "window_size": 4,
        "image_size": 16,
        "mlp_ratio": 1.5,
        "upsampler": upsampler,
        "upscale": scale,
        "num_channels": channels,
    }
    torch.manual_seed(0)
    network = Swin2SRForImageSuperResolution(Swin2SRConfig(**settings | changes)).double().eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.1)
    return network


def ours(network: Any) -> RestorationNetwork:
    """Our network with their weights, in float64."""
    built = build(config_from_huggingface(network.config.to_dict())).double()
    built.load_state_dict(tensors_from_huggingface(network.state_dict()))
    return built


def picture(channels: int, height: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.rand(1, channels, height, width, dtype=torch.float64, generator=generator)


@torch.inference_mode()
def outputs(network: Any, image: Tensor) -> tuple[Tensor, Tensor]:
    """(theirs, ours)."""
    return network(image).reconstruction, ours(network).forward_head(image).image


def gap(a: Tensor, b: Tensor) -> float:
    assert a.shape == b.shape
    return float((a - b).abs().max())


@pytest.mark.parametrize(("upsampler", "scale", "channels"), SR_HEADS)
@pytest.mark.parametrize("img_range", [1.0, 255.0])
def test_output_parity(upsampler: str, scale: int, channels: int, img_range: float) -> None:
    network = theirs(upsampler, scale, channels, img_range=img_range)
    assert gap(*outputs(network, picture(channels, 12, 20))) < BOUND


def test_output_parity_without_shift_or_bias() -> None:
    network = theirs("pixelshuffle", 2, image_size=4, qkv_bias=False)
    assert gap(*outputs(network, picture(3, 8, 12))) < BOUND


@pytest.mark.parametrize("size", [(13, 18), (5, 7), (12, 15)])
def test_parity_at_sizes_that_need_padding(size: tuple[int, int]) -> None:
    network, image = theirs("pixelshuffle", 2), picture(3, *size)
    with pytest.raises(RuntimeError):  # they forget their own padding; their processor pads first
        network(image)
    below, right = -size[0] % 4, -size[1] % 4
    padded = torch.nn.functional.pad(image, (0, right, 0, below), mode="reflect")
    with torch.inference_mode():
        full = network(padded).reconstruction
        out = ours(network).forward_head(image).image
    assert gap(full[..., : 2 * size[0], : 2 * size[1]], out) < BOUND


def test_restoration_parity_in_gray() -> None:
    assert gap(*outputs(theirs("", 1, 1), picture(1, 12, 20))) < BOUND


@pytest.mark.parametrize("img_range", [1.0, 255.0])
def test_restoration_differs_in_the_input_they_add(img_range: float) -> None:
    # They add the picture itself and then scale and shift it as if it were normalised.
    image = picture(3, 12, 20)
    network = theirs("", 1, img_range=img_range)
    they, we = outputs(network, image)
    mean = network.swin2sr.mean.double()
    assert gap(they - (image / img_range + mean), we - image) < 1e-7  # their mean is float32


def test_auxiliary_parity_where_the_mean_is_zero() -> None:
    network, image = theirs("pixelshuffle_aux", 4), picture(3, 12, 20)
    network.swin2sr.mean.zero_()
    mine = ours(network)
    mine.mean.zero_()
    with torch.inference_mode():
        out = mine.forward_head(image)
        assert gap(network(image).reconstruction, out.image) < BOUND


def test_auxiliary_differs_in_the_mean_of_the_picture_it_enlarges() -> None:
    # They enlarge the picture as it is, the published network less its mean.
    network, image = theirs("pixelshuffle_aux", 4), picture(3, 12, 20)
    they, we = outputs(network, image)
    assert gap(they, we) > 1e-3
    convolution = network.upsample.conv_bicubic
    shift = convolution.weight.sum((2, 3)) @ network.swin2sr.mean.double().flatten()
    with torch.no_grad():
        convolution.bias -= shift
        they = network(image).reconstruction
    inside = (..., slice(2, -2), slice(2, -2))  # at the edge the convolution pads with zeros
    assert gap(they[inside], we[inside]) < 1e-6


ALL_HEADS = [*SR_HEADS, ("pixelshuffle_aux", 4, 3), ("", 1, 1), ("", 1, 3)]


@pytest.mark.parametrize(("upsampler", "scale", "channels"), ALL_HEADS)
def test_names_and_settings_convert_there_and_back(
    upsampler: str, scale: int, channels: int
) -> None:
    network = theirs(upsampler, scale, channels, hidden_dropout_prob=0.1)
    state, settings = network.state_dict(), network.config.to_dict()
    config = config_from_huggingface(settings)
    back = tensors_to_huggingface(tensors_from_huggingface(state), config)
    assert set(back) == set(state) and all(torch.equal(back[k], state[k]) for k in state)
    again = Swin2SRConfig(**config_to_huggingface(config)).to_dict()
    assert {k: again[k] for k in settings if k not in ("architectures", "dtype")} == {
        k: v for k, v in settings.items() if k not in ("architectures", "dtype")
    }


@pytest.mark.parametrize(("upsampler", "scale", "channels"), ALL_HEADS)
def test_loads_their_folder(tmp_path: Path, upsampler: str, scale: int, channels: int) -> None:
    network = theirs(upsampler, scale, channels, img_range=255.0).float()
    network.save_pretrained(tmp_path)
    expected = ours(network).float()
    for path in (tmp_path, tmp_path / "model.safetensors"):
        model = load(path)
        assert model.config == expected.config and not model.inferred
        assert same_output(model.network, expected)


def test_loads_their_older_folder(tmp_path: Path) -> None:
    network = theirs("pixelshuffledirect", 2).float()
    network.config.save_pretrained(tmp_path)
    torch.save(network.state_dict(), tmp_path / "pytorch_model.bin")
    assert same_output(load(tmp_path).network, ours(network).float())


def test_loads_their_folder_in_shards(tmp_path: Path) -> None:
    network = theirs("pixelshuffledirect", 2).float()
    network.save_pretrained(tmp_path, max_shard_size="20KB")
    assert not (tmp_path / "model.safetensors").exists()
    assert same_output(load(tmp_path).network, ours(network).float())


def test_detects_their_tensors_without_settings(tmp_path: Path) -> None:
    network = theirs("pixelshuffledirect", 2, window_size=8, image_size=64).float()
    network.save_pretrained(tmp_path)
    (tmp_path / "config.json").unlink()
    model = load(tmp_path)
    assert "window_size" in model.inferred and same_output(model.network, ours(network).float())


@pytest.mark.parametrize("img_range", [1.0, 255.0])
@pytest.mark.parametrize(("upsampler", "scale", "channels"), ALL_HEADS)
def test_says_what_transformers_computes_otherwise(
    upsampler: str, scale: int, channels: int, img_range: float
) -> None:
    network = theirs(upsampler, scale, channels, img_range=img_range)
    config = config_from_huggingface(network.config.to_dict())
    same = gap(*outputs(network, picture(channels, 12, 20))) < BOUND
    assert (otherwise_in_huggingface(config) is None) == same


def test_a_setting_that_is_left_out_is_what_transformers_takes() -> None:
    settings = Swin2SRConfig()
    for name, (_, default) in NAMES.items():
        told = getattr(settings, name)
        assert default == (list(told) if isinstance(told, tuple) else told), name


@pytest.mark.parametrize(("upsampler", "scale", "channels"), ALL_HEADS)
def test_transformers_loads_our_folder(
    tmp_path: Path, upsampler: str, scale: int, channels: int
) -> None:
    network = tiny("swin2sr", upsampler=upsampler, upscale=scale, in_chans=channels)
    save_huggingface(network, tmp_path / "folder")
    loaded, info = Swin2SRForImageSuperResolution.from_pretrained(
        tmp_path / "folder", output_loading_info=True
    )
    assert not info["missing_keys"] and not info["unexpected_keys"]
    assert same_output(ours(loaded.eval()).float(), network)
    assert same_output(load(tmp_path / "folder").network, network)
    processor = json.loads((tmp_path / "folder" / "preprocessor_config.json").read_text())
    assert processor["pad_size"] == network.config.window_size


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"model_type": "swin"}, "'swin'"),
        ({}, "None"),
        ({"model_type": "swin2sr", "num_channels_out": 1}, "num_channels_out 1"),
        ({"model_type": "swin2sr", "hidden_act": "relu"}, "hidden_act 'relu'"),
        ({"model_type": "swin2sr", "patch_size": 2}, "patch_size 2"),
        ({"model_type": "swin2sr", "use_absolute_embeddings": True}, "use_absolute_embeddings"),
        ({"model_type": "swin2sr", "resi_connection": "3conv"}, "3conv"),
        ({"model_type": "swin2sr", "embed_dim": "big"}, "embed_dim"),
    ],
)
def test_refuses_settings_that_swin2sr_does_not_have(
    tmp_path: Path, settings: dict[str, Any], words: str
) -> None:
    theirs("pixelshuffledirect", 2).float().save_pretrained(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(settings))
    with pytest.raises((CheckpointReadError, UnknownArchitectureError), match=words) as caught:
        load(tmp_path)
    assert str(caught.value).startswith(str(tmp_path / "config.json"))


@pytest.mark.parametrize(
    ("family", "changes", "words"),
    [
        ("swinir", {}, "no SwinIR"),
        ("swin2sr", {"upsampler": "pixelshuffle_hf"}, "upsampler 'pixelshuffle_hf'"),
        ("swin2sr", {"upsampler": "nearest+conv"}, "upscale 2"),
        ("swin2sr", {"resi_connection": "3conv"}, "resi_connection '3conv'"),
        ("swin2sr", {"patch_norm": False}, "patch_norm False"),
        ("swin2sr", {"ape": True}, "ape True"),
        ("swin2sr", {"pretrained_window_size": 6}, "pretrained_window_size 6"),
        ("swin2sr", {"upsampler": "pixelshuffle_aux", "in_chans": 1}, "in_chans 1"),
    ],
)
def test_refuses_to_write_what_they_cannot_build(
    tmp_path: Path, family: str, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ConfigError, match=words):
        save_huggingface(tiny(family, **changes), tmp_path)
    assert not list(tmp_path.iterdir())
