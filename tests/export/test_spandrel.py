"""Weights saved with `keep_buffers` load in spandrel, which ComfyUI and chaiNNer use."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from safetensors.torch import save_file

from swinsr.checkpoints import save
from swinsr.checkpoints.layouts.official import official_buffers
from swinsr.checkpoints.layouts.spandrel import spandrel_obstacle
from swinsr.models import RestorationNetwork, build, config_from_published, from_published
from tests.checkpoints.samples import configs

BOUND = 2e-6  # of pictures in 0..1, in float32
TINY = {"embed_dim": 12, "depths": [2, 2], "num_heads": [2, 2], "window_size": 8, "img_size": 16}
NETWORKS = [
    ("swinir", {"upscale": 2, "upsampler": "pixelshuffle"}),
    ("swinir", {"upscale": 3, "upsampler": "pixelshuffledirect"}),
    ("swinir", {"upscale": 4, "upsampler": "nearest+conv", "resi_connection": "3conv"}),
    ("swinir", {"window_size": 7, "img_size": 126, "img_range": 255.0, "in_chans": 1}),
    ("swin2sr", {"upscale": 2, "upsampler": "pixelshuffle"}),
    ("swin2sr", {"upscale": 2, "upsampler": "pixelshuffledirect", "qkv_bias": False}),
    ("swin2sr", {"upscale": 4, "upsampler": "nearest+conv"}),
    ("swin2sr", {"upscale": 4, "upsampler": "pixelshuffle_aux"}),
    ("swin2sr", {"upscale": 4, "upsampler": "pixelshuffle_hf"}),
]


@pytest.mark.parametrize(("family", "changes"), NETWORKS)
def test_saved_with_buffers_loads_in_spandrel_and_gives_the_same(
    spandrel: Any, tmp_path: Path, family: str, changes: dict[str, Any]
) -> None:
    torch.manual_seed(0)
    ours = from_published(family, TINY | {"upscale": 1} | changes)
    path = save(ours, tmp_path / "model.safetensors", task="classical_sr", keep_buffers=True)
    found = spandrel.ModelLoader().load_from_file(path)
    config = ours.config
    assert found.architecture.name == {"swinir": "SwinIR", "swin2sr": "Swin2SR"}[family]
    assert (found.scale, found.input_channels) == (config.upscale, config.in_chans)
    picture = torch.rand(1, config.in_chans, config.window_size * 2, config.window_size * 3)
    with torch.inference_mode():
        theirs, wanted = found.model.eval()(picture), ours(picture)
    # Of the auxiliary head spandrel gives the picture alone.
    for one, other in zip(_all(theirs), _all(wanted), strict=False):
        assert (one - other).abs().max() <= BOUND


def _all(output: Any) -> tuple[torch.Tensor, ...]:
    return output if isinstance(output, tuple) else (output,)


def test_spandrel_needs_the_buffers(spandrel: Any, tmp_path: Path) -> None:
    ours = from_published("swinir", TINY | {"upscale": 2, "upsampler": "pixelshuffle"})
    path = save(ours, tmp_path / "model.safetensors", task="classical_sr")
    with pytest.raises(spandrel.UnsupportedModelError):
        spandrel.ModelLoader().load_from_file(path)


SR = {"upscale": 2, "upsampler": "pixelshuffle"}
# (family, what is changed, the first words of the obstacle), as seen in spandrel 0.4.2.
OTHER_RANGE = "would give other pictures in spandrel: it has img_range"
OBSTACLES = [
    ("swinir", SR | {"qkv_bias": False}, "cannot be used in spandrel: it has qkv_bias False"),
    ("swinir", SR | {"patch_norm": False}, "cannot be used in spandrel: it has patch_norm False"),
    ("swinir", SR | {"ape": True}, "cannot be used in spandrel: it has ape True"),
    ("swinir", SR | {"img_size": 8}, "cannot be used in spandrel: it has img_size 8, no larger"),
    ("swinir", SR | {"depths": [1, 2]}, "cannot be used in spandrel: it has img_size 16 and"),
    ("swin2sr", SR | {"depths": [1, 2]}, "cannot be used in spandrel: it has img_size 16 and"),
    ("swin2sr", SR | {"ape": True, "img_size": 8}, "cannot be used in spandrel: it has ape True"),
    (
        "swin2sr",
        {"upscale": 2, "upsampler": "nearest+conv"},
        "cannot be used in spandrel: it has a nearest+conv head for x2",
    ),
    (
        "swinir",
        SR | {"img_range": 255.0},
        OTHER_RANGE,
    ),
    (
        "swin2sr",
        SR | {"img_range": 255.0},
        OTHER_RANGE,
    ),
    (
        "swin2sr",
        {"upscale": 4, "upsampler": "pixelshuffle_aux", "in_chans": 1},
        "cannot be used in spandrel: it has pixelshuffle_aux with 1 channels",
    ),
    (
        "swinir",
        SR | {"window_size": 7, "img_size": 14},
        "would give other pictures in spandrel: it has img_range 1, and a window of 7 means 255",
    ),
    (
        "swinir",
        SR | {"qk_scale": 0.3},
        "would give other pictures in spandrel: it has qk_scale",
    ),
]


def random_network(family: str, changes: dict[str, Any]) -> RestorationNetwork:
    torch.manual_seed(0)
    network = from_published(family, TINY | {"upscale": 1} | changes)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.3)
    return network


def in_spandrel(spandrel: Any, network: RestorationNetwork, path: Path) -> str:
    """ "same", "other" or "refused": what spandrel makes of a network with its buffers."""
    tensors = network.state_dict() | official_buffers(network)
    save_file({k: v.clone().contiguous() for k, v in tensors.items()}, path)
    config = network.config
    picture = torch.rand(1, config.in_chans, config.window_size * 2, config.window_size * 3)
    try:
        found = spandrel.ModelLoader().load_from_file(path).model.eval()
        with torch.inference_mode():
            theirs, ours = _all(found(picture)), _all(network(picture))
    except (RuntimeError, spandrel.UnsupportedModelError, IndexError, TypeError, ValueError):
        return "refused"
    pairs = list(zip(theirs, ours, strict=False))
    apart = max(float((a - b).abs().max() / (1 + b.abs().max())) for a, b in pairs)
    return "same" if apart <= 1e-5 else "other"


@pytest.mark.parametrize(("family", "changes", "reason"), OBSTACLES)
def test_says_what_spandrel_cannot_read_or_reads_otherwise(
    family: str, changes: dict[str, Any], reason: str
) -> None:
    obstacle = spandrel_obstacle(random_network(family, changes).config)
    assert obstacle is not None and obstacle.startswith(reason), obstacle


@pytest.mark.parametrize(("family", "changes", "reason"), OBSTACLES)
def test_spandrel_does_so(
    spandrel: Any, tmp_path: Path, family: str, changes: dict[str, Any], reason: str
) -> None:
    found = in_spandrel(spandrel, random_network(family, changes), tmp_path / "a.safetensors")
    assert found == ("refused" if reason.startswith("cannot") else "other")


@pytest.mark.parametrize(("family", "changes"), NETWORKS)
def test_nothing_is_said_of_what_it_reads(family: str, changes: dict[str, Any]) -> None:
    config = config_from_published(family, TINY | {"upscale": 1} | changes)
    assert spandrel_obstacle(config) is None


@settings(
    max_examples=30,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(case=configs())
def test_of_any_network_it_says_what_spandrel_does(
    spandrel: Any, tmp_path: Path, case: tuple[str, dict[str, Any]]
) -> None:
    config = config_from_published(*case)
    assume(config.window_size > 1)
    torch.manual_seed(0)
    network = build(config)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.1)
    obstacle = spandrel_obstacle(config) or ""
    found = in_spandrel(spandrel, network, tmp_path / "a.safetensors")
    if obstacle.startswith("would"):
        assert found in ("other", "same")  # another range may change little on small networks
    else:
        assert found == ("refused" if obstacle else "same"), (config, obstacle)


@pytest.mark.parametrize(("family", "changes", "reason"), [OBSTACLES[0], OBSTACLES[8]])
def test_the_command_refuses_with_the_reason_and_writes_nothing(
    tmp_path: Path, family: str, changes: dict[str, Any], reason: str
) -> None:
    source = save(random_network(family, changes), tmp_path / "in.safetensors", task="x")
    done = subprocess.run(
        [sys.executable, "-m", "swinsr", "export", source, tmp_path / "out.safetensors",
         "--keep-buffers"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and f"this network {reason}" in done.stderr
    assert "ONNX" in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "out.safetensors").exists()
