"""Wrappers, prefixes and number formats of training programs."""

import itertools

import pytest
import torch

from swinsr.checkpoints.canonical import canonical_names, to_float32, unwrap
from swinsr.checkpoints.owners import WRAPPERS
from swinsr.errors import CheckpointReadError, WeightsMismatchError

GOOD = {"conv_first.weight": torch.ones(1)}
OTHER = {"conv_first.weight": torch.zeros(1)}


@pytest.mark.parametrize("wrapper", WRAPPERS)
def test_unwraps(wrapper: str) -> None:
    assert unwrap({"epoch": 1, wrapper: GOOD, "optimizer": {"state": OTHER}}) == GOOD


@pytest.mark.parametrize(("better", "worse"), list(itertools.pairwise(WRAPPERS)))
def test_wrappers_have_an_order(better: str, worse: str) -> None:
    assert unwrap({worse: OTHER, better: GOOD}) is not OTHER
    assert unwrap({worse: OTHER, better: GOOD})["conv_first.weight"] == 1


def test_skips_an_empty_wrapper() -> None:
    assert unwrap({"params_ema": {}, "params": GOOD}) == GOOD


def test_unwraps_nested_and_unknown_wrappers() -> None:
    assert unwrap({"model": {"params_ema": GOOD, "params": OTHER}}) == GOOD
    assert unwrap({"weights of mine": GOOD, "epoch": 3}) == GOOD


def test_drops_what_is_no_tensor() -> None:
    assert unwrap(GOOD | {"step": 3, "name": "x"}) == GOOD


def test_refuses_bottomless_nesting() -> None:
    content: dict[str, object] = {}
    content["model"] = content
    with pytest.raises(CheckpointReadError):
        unwrap(content)


@pytest.mark.parametrize("prefix", ["module.", "_orig_mod.", "module._orig_mod.", "module.module."])
def test_strips_prefixes_of_workers(prefix: str) -> None:
    assert canonical_names({prefix + k: v for k, v in GOOD.items()}) == GOOD


def test_takes_the_generator_and_leaves_the_discriminator() -> None:
    tensors = {
        "generator.conv_first.weight": OTHER["conv_first.weight"],
        "generator_ema.conv_first.weight": GOOD["conv_first.weight"],
        "discriminator.conv0.weight": torch.ones(1),
    }
    assert canonical_names(tensors) == GOOD


def test_refuses_two_tensors_of_one_name() -> None:
    with pytest.raises(WeightsMismatchError, match="twice"):
        canonical_names({"module.a": torch.ones(1), "a": torch.ones(1)})


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.float32])
def test_converts_to_float32_copies(dtype: torch.dtype) -> None:
    source = torch.tensor([[1.0, 2.0], [0.5, -3.0]], dtype=dtype).T
    out = to_float32({"a": source})["a"]
    assert out.dtype == torch.float32 and out.is_contiguous()
    assert out.tolist() == source.tolist()
    assert out.data_ptr() != source.data_ptr()


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 1e300])
def test_refuses_numbers_that_are_not_finite(value: float) -> None:
    with pytest.raises(WeightsMismatchError, match="nan or infinity in a"):
        to_float32({"a": torch.tensor([0.0, value], dtype=torch.float64)})


def test_refuses_integers() -> None:
    with pytest.raises(WeightsMismatchError, match="int8"):
        to_float32({"a": torch.ones(1, dtype=torch.int8)})
