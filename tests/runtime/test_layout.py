"""Convolutions of a network made ready read maps with channels last in memory."""

from typing import Any

import pytest
import torch
from torch import nn

from swinsr.inference import prepare
from swinsr.models import from_published


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_no_map_is_turned_before_a_convolution(
    family: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWINSR_BLOCK", "modules")
    torch.manual_seed(0)
    config: dict[str, Any] = {"upscale": 2, "img_size": 16, "window_size": 8, "depths": [2]}
    config |= {"num_heads": [2], "embed_dim": 16, "upsampler": "pixelshuffledirect"}
    ready = prepare(from_published(family, config))
    given: dict[str, bool] = {}

    def seen(name: str) -> Any:
        def hook(module: nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            given[name] = inputs[0].is_contiguous(memory_format=torch.channels_last)

        return hook

    for name, module in ready.network.named_modules():
        if isinstance(module, nn.Conv2d):
            module.register_forward_pre_hook(seen(name))
    with torch.inference_mode():
        ready.compute(torch.rand(2, 3, 16, 24))
    inner = {name: last for name, last in given.items() if name != "conv_first"}
    assert len(inner) >= 3
    assert all(inner.values()), inner
