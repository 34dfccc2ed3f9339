"""V2 weights at another window: the position bias of near neighbours stays what it was."""

import pytest
import torch

from swinsr.models import RestorationNetwork, SwinTransformerV2, from_published
from swinsr.nn.attention import WindowAttentionV2


def swin2sr(window: int, pretrained: int = 0) -> RestorationNetwork:
    torch.manual_seed(0)
    return from_published(
        "swin2sr",
        {
            "upscale": 2, "upsampler": "pixelshuffledirect", "embed_dim": 12, "depths": [2],
            "num_heads": [3], "img_size": 64, "window_size": window,
            "pretrained_window_size": pretrained,
        },
    )  # fmt: skip


def biases(network: torch.nn.Module) -> list[torch.Tensor]:
    """Of each attention the bias by offset, (heads, 2 * window - 1, 2 * window - 1)."""
    found = []
    for module in network.modules():
        if isinstance(module, WindowAttentionV2):
            with torch.no_grad():
                table = 16 * torch.sigmoid(module.cpb_mlp(module.relative_coords_table))
            found.append(table.permute(2, 0, 1))
    return found


def test_swin2sr_of_window_8_runs_at_window_16() -> None:
    small, large = swin2sr(8), swin2sr(16, pretrained=8)
    large.load_state_dict(small.state_dict())  # no tensor depends on the window
    for before, after in zip(biases(small), biases(large), strict=True):
        assert torch.allclose(after[:, 8:23, 8:23], before, atol=1e-6)
    with torch.inference_mode():
        assert large(torch.rand(1, 3, 20, 36)).shape == (1, 3, 40, 72)


def test_without_the_trained_window_the_bias_is_stretched() -> None:
    small, large = swin2sr(8), swin2sr(16)
    large.load_state_dict(small.state_dict())
    for before, after in zip(biases(small), biases(large), strict=True):
        assert torch.allclose(after[:, [0, -1]][:, :, [0, -1]], before[:, [0, -1]][:, :, [0, -1]])
        assert not torch.allclose(after[:, 8:23, 8:23], before, atol=1e-6)


@pytest.mark.parametrize("window", [4, 12])
def test_classifiers_transfer_stage_by_stage(window: int) -> None:
    settings = {
        "img_size": 96, "patch_size": 2, "embed_dim": 8, "depths": (1, 1), "num_heads": (1, 2),
        "num_classes": 3,
    }  # fmt: skip
    trained = SwinTransformerV2(**settings, window_size=8)
    moved = SwinTransformerV2(**settings, window_size=window, pretrained_window_sizes=(8, 8))
    moved.load_state_dict(trained.state_dict())
    reach = min(window, 8) - 1
    for before, after in zip(biases(trained), biases(moved), strict=True):
        inside = [slice(table.shape[1] // 2 - reach, table.shape[1] // 2 + reach + 1)
                  for table in (before, after)]  # fmt: skip
        near = [t[:, s, s] for t, s in zip((before, after), inside, strict=True)]
        assert torch.allclose(near[0], near[1], atol=1e-6)
