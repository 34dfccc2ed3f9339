"""Weights saved with `keep_buffers` load in spandrel, which ComfyUI and chaiNNer use."""

from pathlib import Path
from typing import Any

import pytest
import torch

from swinsr.checkpoints import save
from swinsr.models import from_published

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
