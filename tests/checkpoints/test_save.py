"""A saved file alone is enough to run; buffers on request; nothing half-written."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from safetensors import safe_open

from swinsr.checkpoints import load, save
from swinsr.checkpoints.layouts.official import official_buffers
from swinsr.checkpoints.read import read_tensors
from swinsr.errors import CheckpointError, ConfigError, WeightsMismatchError
from swinsr.models import build, config_from_published, from_published
from tests.checkpoints.samples import configs, same_output, tiny
from tests.parity.golden_cases import INDEX, RESTORATION


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15
)
@given(case=configs())
def test_round_trip_is_exact(tmp_path: Path, case: tuple[str, dict[str, object]]) -> None:
    network = build(config_from_published(*case))
    model = load(save(network, tmp_path / "a.safetensors", task="x", keep_buffers=True))
    assert model.config == network.config and not model.inferred
    assert same_output(model.network, network)


def test_writes_all_that_is_needed_into_the_metadata(tmp_path: Path) -> None:
    network = tiny(upscale=3, img_range=255.0)
    provenance = {"data": "DIV2K", "training": "500000 steps"}
    path = save(
        network,
        tmp_path / "a.safetensors",
        task="classical_sr",
        licence="Apache-2.0",
        provenance=provenance,
    )
    with safe_open(str(path), "pt") as file:
        metadata = file.metadata()
    assert json.loads(metadata.pop("config")) == network.config.to_dict()
    assert metadata == provenance | {
        "family": "swinir",
        "scale": "3",
        "task": "classical_sr",
        "licence": "Apache-2.0",
        "format": "pt",
    }


@pytest.mark.parametrize("name", RESTORATION)
def test_kept_buffers_complete_the_published_keys(name: str) -> None:
    case = INDEX[name]
    with torch.device("meta"):
        network = from_published(case["family"], case["config"])
    tensors = network.state_dict() | official_buffers(network)
    published = {key: tuple(shape) for key, shape in case["keys"].items()}
    assert {key: tuple(tensor.shape) for key, tensor in tensors.items()} == published


def test_kept_buffers_are_written_and_the_mask_is_the_published(tmp_path: Path) -> None:
    network = tiny("swin2sr", window_size=4, img_size=12)
    path = save(network, tmp_path / "a.safetensors", task="x", keep_buffers=True)
    tensors = read_tensors(path).tensors
    prefix = "layers.1.residual_group.blocks."
    assert f"{prefix}0.attn_mask" not in tensors
    # Regions numbered as in the published code: 3 x 3 slices of the shifted picture.
    region = torch.zeros(12)
    region[8:10], region[10:] = 1, 2
    regions = 3 * region[:, None] + region[None, :]
    windows = regions.view(3, 4, 3, 4).permute(0, 2, 1, 3).reshape(9, 16)
    expected = torch.where(windows[:, None] == windows[:, :, None], 0.0, -100.0)
    assert torch.equal(tensors[f"{prefix}1.attn_mask"], expected)
    assert tensors[f"{prefix}0.attn.relative_coords_table"].shape == (1, 7, 7, 2)
    assert tensors[f"{prefix}0.attn.relative_position_index"].dtype == torch.int64


def test_there_is_no_mask_for_patches_that_are_no_multiple_of_the_window(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no multiple of the window 3"):
        save(tiny(window_size=3), tmp_path / "a.safetensors", task="x", keep_buffers=True)
    assert not list(tmp_path.iterdir())


def test_half_is_smaller_and_read_back_as_float32(tmp_path: Path) -> None:
    network = tiny()
    full = save(network, tmp_path / "a.safetensors", task="x")
    half = save(network, tmp_path / "b.safetensors", task="x", half=True)
    assert {t.dtype for t in read_tensors(half).tensors.values()} == {torch.float16}
    assert half.stat().st_size < 0.75 * full.stat().st_size  # the rest is the header
    for name, tensor in load(half).network.state_dict().items():
        assert tensor.dtype == torch.float32
        torch.testing.assert_close(tensor, network.state_dict()[name], rtol=1e-3, atol=1e-6)


def test_refuses_numbers_that_cannot_be_kept(tmp_path: Path) -> None:
    network = tiny()
    network.norm.bias.data[0] = 70_000.0
    with pytest.raises(WeightsMismatchError, match=r"norm\.bias holds values beyond float16"):
        save(network, tmp_path / "a.safetensors", task="x", half=True)
    network.norm.bias.data[0] = float("nan")
    with pytest.raises(WeightsMismatchError, match=r"norm\.bias holds nan or infinity"):
        save(network, tmp_path / "a.safetensors", task="x")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("key", ["family", "config", "scale", "task", "licence"])
def test_provenance_cannot_replace_what_loading_needs(tmp_path: Path, key: str) -> None:
    with pytest.raises(ConfigError, match=f"'{key}'"):
        save(tiny(), tmp_path / "a.safetensors", task="x", provenance={key: "x"})


def test_refuses_another_suffix(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"saved as \.safetensors, not as a\.pth"):
        save(tiny(), tmp_path / "a.pth", task="x")


def test_a_file_that_cannot_be_replaced_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "a.safetensors").mkdir()
    with pytest.raises(CheckpointError, match=r"a\.safetensors cannot be written"):
        save(tiny(), tmp_path / "a.safetensors", task="x")
    assert [p.name for p in tmp_path.iterdir()] == ["a.safetensors"]
    with pytest.raises(CheckpointError, match="cannot be written"):
        save(tiny(), tmp_path / "none" / "a.safetensors", task="x")


def test_replaces_a_file_and_keeps_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.safetensors").write_bytes(b"old")
    link = tmp_path / "link.safetensors"
    link.symlink_to("real.safetensors")
    save(tiny(), link, task="x")
    assert link.is_symlink() and same_output(load(tmp_path / "real.safetensors").network, tiny())
    assert len(list(tmp_path.iterdir())) == 2
