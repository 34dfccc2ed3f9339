"""Attention modules: the position bias is kept while it holds, and dropped when it does not."""

import copy

import pytest
import torch

from swinsr.models import from_published
from swinsr.nn.attention import WindowAttention, WindowAttentionV2
from swinsr.nn.block import DropPath, SwinBlock
from swinsr.ops.native.library import unavailable

KINDS = [WindowAttention, WindowAttentionV2]


@pytest.mark.parametrize("kind", KINDS)
def test_position_bias_is_computed_once_without_gradients(kind: type[WindowAttention]) -> None:
    attention = kind(8, 4, 2).eval()
    with torch.no_grad():
        assert attention.position_bias() is attention.position_bias()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("change", ["in place", "load", "dtype"])
def test_changed_parameters_change_the_bias(kind: type[WindowAttention], change: str) -> None:
    attention = kind(8, 4, 2).eval()
    other = kind(8, 4, 2).eval()
    with torch.no_grad():
        for parameter in other.parameters():
            parameter.normal_()
        before = attention.position_bias()
        if change == "in place":
            for mine, new in zip(attention.parameters(), other.parameters(), strict=True):
                mine.copy_(new)
        elif change == "load":
            attention.load_state_dict(other.state_dict())
        else:
            attention.double()
        after = attention.position_bias()
        if change == "dtype":
            assert after.dtype == torch.float64
        else:
            assert not torch.equal(before, after)
            assert torch.equal(after, other.position_bias())


@pytest.mark.parametrize("kind", KINDS)
def test_position_bias_has_gradients_in_training(kind: type[WindowAttention]) -> None:
    attention = kind(8, 4, 2)
    attention(torch.rand(1, 4, 16, 8), (2, 2), None).sum().backward()
    assert all(p.grad is not None for p in attention.parameters())


def test_copies_do_not_share_the_kept_bias() -> None:
    attention = WindowAttention(8, 4, 2).eval()
    with torch.no_grad():
        before = attention.position_bias()
        twin = copy.deepcopy(attention)
        twin.relative_position_bias_table.zero_()
        assert twin.position_bias().abs().max() == 0
        assert attention.position_bias() is before


def test_drop_path_drops_whole_samples_and_keeps_the_mean() -> None:
    torch.manual_seed(0)
    drop = DropPath(0.25).train()
    out = drop(torch.ones(4000, 2, 3))
    kept = out.flatten(1)
    assert kept.unique().tolist() == pytest.approx([0.0, 1 / 0.75])
    assert torch.equal(kept.amin(1), kept.amax(1))
    assert out.mean().item() == pytest.approx(1.0, abs=0.05)
    assert torch.equal(drop.eval()(out), out)


def test_training_under_autocast_runs_through_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := unavailable():
        pytest.skip(reason)
    config = {"upscale": 2, "img_size": 16, "depths": [2], "num_heads": [2], "embed_dim": 16}
    network = from_published("swinir", config | {"upsampler": "pixelshuffledirect"})
    calls = []
    run = SwinBlock.run_native
    monkeypatch.setattr(
        SwinBlock, "run_native", lambda self, x, **kw: calls.append(kw) or run(self, x, **kw)
    )
    with torch.autocast("cpu", torch.bfloat16):
        out = network(torch.rand(1, 3, 16, 16))
    out.float().sum().backward()
    assert calls == [{"bfloat16": True}] * 2
