"""Averages of networks that continue one: the program beside the bundled weights."""

import sys
from pathlib import Path

import pytest
import torch

from swinsr.checkpoints import load, save
from swinsr.errors import ConfigError
from tests.checkpoints.samples import tiny

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "weights" / "training"))
import average as program


def test_what_fits_is_averaged_and_the_rest_is_the_first_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = tiny(upscale=2), tiny(upscale=4)
    for name, network in (("first", first), ("second", second)):
        save(network, tmp_path / f"{name}.safetensors", task="classical_sr")
    files = [str(tmp_path / f"{name}.safetensors") for name in ("out", "first", "second")]
    monkeypatch.setattr("sys.argv", ["program", files[0], files[1], "0.75", files[2], "0.25"])
    program.main()
    assert load(Path(files[0])).metadata["average"] == (
        "0.75 of first.safetensors, 0.25 of second.safetensors"
    )
    one, two = first.state_dict(), second.state_dict()
    others = [name for name in one if one[name].shape != two[name].shape]
    assert others
    for name, tensor in load(Path(files[0])).network.state_dict().items():
        wanted = one[name] if name in others else 0.75 * one[name] + 0.25 * two[name]
        assert torch.allclose(tensor.float(), wanted.float(), atol=1e-6)


def test_shares_sum_to_one() -> None:
    with pytest.raises(ConfigError, match="sum to"):
        program.average([{}, {}], [0.5, 0.4])
