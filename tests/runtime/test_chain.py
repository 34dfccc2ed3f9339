"""A chain of convolutions, strip by strip, equals the modules it stands for."""

import itertools

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn

from swinsr.nn.heads import (
    NearestConvHead,
    PixelShuffleAuxHead,
    PixelShuffleDirectHead,
    PixelShuffleHead,
    RestorationHead,
)
from swinsr.nn.residual import residual_convolution
from swinsr.ops.native.library import unavailable
from swinsr.runtime import strips
from swinsr.runtime.native import chain
from swinsr.runtime.native.chain import Chain
from swinsr.runtime.native.fuse import chain_of, head_layers, layers_of, residual_layers

pytestmark = pytest.mark.skipif(bool(unavailable()), reason=unavailable())

HEADS = {
    "pixelshuffle": lambda: PixelShuffleHead(8, 3, 4),
    "pixelshuffle x3": lambda: PixelShuffleHead(8, 3, 3),
    "pixelshuffledirect": lambda: PixelShuffleDirectHead(8, 3, 4),
    "nearest+conv": lambda: NearestConvHead(8, 3, 4),
    "restoration": lambda: RestorationHead(8, 3),
}


def applied(links: Chain, x: Tensor) -> Tensor:
    batch, height, width, _ = x.shape
    out = torch.full((batch, height * links.scale, width * links.scale, links.channels), torch.nan)
    links.into(out, x)
    return out


@pytest.mark.parametrize("name", HEADS)
@settings(max_examples=12, deadline=None)
@given(st.integers(1, 2), st.integers(1, 23), st.integers(1, 12), st.integers(1, 5), st.booleans())
def test_heads_in_strips_of_any_height(
    name: str, batch: int, height: int, width: int, rows: int, cut: bool
) -> None:
    torch.manual_seed(0)
    head = HEADS[name]()
    x = torch.randn(batch, height, width, 8)
    image = torch.zeros(batch, 3, height, width)
    layers = head_layers(head)
    assert layers is not None
    with torch.inference_mode(), pytest.MonkeyPatch.context() as patch:
        exact = head.double()(x.permute(0, 3, 1, 2).double(), image, (height, width)).image
        if cut:
            patch.setattr(strips, "STRIP_VALUES", 1)
            patch.setattr(chain, "LEAST_ROWS", rows)
        out = applied(chain_of(layers, bfloat16=False), x)
    torch.testing.assert_close(out, exact.permute(0, 2, 3, 1).float(), atol=2e-6, rtol=0)


@pytest.mark.parametrize("connection", ["1conv", "3conv"])
@pytest.mark.parametrize("project", [False, True])
def test_residual_convolutions_are_added(
    monkeypatch: pytest.MonkeyPatch, connection: str, project: bool
) -> None:
    monkeypatch.setattr(strips, "STRIP_VALUES", 1)
    monkeypatch.setattr(chain, "LEAST_ROWS", 4)
    torch.manual_seed(0)
    conv = residual_convolution(16, connection)
    projection = nn.Conv2d(16, 16, 1) if project else nn.Identity()
    links = chain_of(residual_layers(conv, projection), bfloat16=False)
    x, target = torch.randn(2, 11, 7, 16), torch.randn(2, 11, 7, 16)
    with torch.inference_mode():
        added = projection.double()(conv.double()(x.permute(0, 3, 1, 2).double()))
        exact = target + added.permute(0, 2, 3, 1)
        links.into(target, x, add=True)
    torch.testing.assert_close(target, exact.float(), atol=3e-6, rtol=0)


def test_only_the_last_layer_may_stay_exact() -> None:
    torch.manual_seed(0)
    modules = nn.Sequential(nn.Conv2d(8, 8, 3, 1, 1), nn.LeakyReLU(0.1), nn.Conv2d(8, 8, 1))
    layers = layers_of(modules)
    x = torch.randn(1, 9, 9, 8)
    with torch.inference_mode():
        exact = modules.double()(x.permute(0, 3, 1, 2).double()).permute(0, 2, 3, 1)
    rounded, ends, plain = (
        float((applied(chain_of(layers, **how), x) - exact).square().mean().sqrt())
        for how in (
            {"bfloat16": True},
            {"bfloat16": True, "exact_end": True},
            {"bfloat16": False},
        )
    )
    assert plain < 1e-6 < ends < rounded < 1e-2


def test_the_share_done_adds_up() -> None:
    head = PixelShuffleHead(8, 3, 4)
    layers = head_layers(head)
    assert layers is not None
    told: list[float] = []
    with torch.inference_mode(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(strips, "STRIP_VALUES", 1)
        links = chain_of(layers, bfloat16=False)
        out = torch.empty(1, 200, 80, 3)
        links.into(out, torch.randn(1, 50, 20, 8), tick=told.append)
    assert len(told) == -(-50 // chain.LEAST_ROWS)
    assert list(itertools.accumulate(told))[-1] == pytest.approx(1.0)


def test_a_head_that_is_more_than_a_chain_has_none() -> None:
    assert head_layers(PixelShuffleAuxHead(8, 3, 4)) is None


def test_other_modules_are_refused() -> None:
    with pytest.raises(TypeError, match="BatchNorm2d is no part of a chain"):
        layers_of(nn.Conv2d(4, 4, 3, 1, 1), nn.BatchNorm2d(4))
