"""Adding a convolution in place equals the convolution, then the addition."""

import pytest
import torch
from torch import nn

from swinsr.runtime.modules.convolution import add_convolution, adds_in_place


def needs_onednn(conv: nn.Module, target: torch.Tensor) -> None:
    if not adds_in_place(conv, target):
        pytest.skip("PyTorch was built without oneDNN's convolution that adds")


@pytest.mark.parametrize("size", [(1, 8, 8), (2, 9, 21), (1, 1, 1)])
@pytest.mark.parametrize("bias", [True, False])
def test_equals_convolution_then_addition(size: tuple[int, int, int], bias: bool) -> None:
    torch.manual_seed(0)
    batch, height, width = size
    conv = nn.Conv2d(20, 20, 3, padding=1, bias=bias)
    x = torch.randn(batch, height, width, 20).permute(0, 3, 1, 2)
    tokens = torch.randn(batch, height, width, 20)
    with torch.inference_mode():
        target = tokens.permute(0, 3, 1, 2)
        needs_onednn(conv, target)
        exact = target.double() + conv.double()(x.double())
        add_convolution(conv.float(), x, target)
    # What it wrote is what the map that it was given a view of holds.
    torch.testing.assert_close(tokens.permute(0, 3, 1, 2), exact.float(), atol=2e-6, rtol=0)


def test_leaves_other_layers_to_the_general_way() -> None:
    target = torch.zeros(1, 4, 4, 4)
    conv = nn.Conv2d(4, 4, 3, padding=1)
    needs_onednn(conv, target)
    assert not adds_in_place(nn.Sequential(conv), target)
    assert not adds_in_place(conv, target.bfloat16())
    assert not adds_in_place(nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), target)
    assert not adds_in_place(nn.Conv2d(4, 4, 3, padding="same"), target)
    rounded = nn.Conv2d(4, 4, 3, padding=1)
    rounded.register_forward_pre_hook(lambda module, inputs: inputs)
    assert not adds_in_place(rounded, target)
