"""Every contender that can run here computes what our own modules compute."""

import pytest
import torch

from benchmarks.contenders import CONTENDERS, Contender, Unavailable
from swinsr.models import from_published


@pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning")  # of the traces for OpenVINO
@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
@pytest.mark.parametrize("contender", CONTENDERS, ids=lambda c: c.name)
def test_contender_gives_the_same_picture(contender: Contender, family: str) -> None:
    if family not in contender.families:
        pytest.skip(f"{contender.name} knows no {family}")
    torch.manual_seed(0)
    config = {"depths": [2, 2], "num_heads": [2, 2], "embed_dim": 12, "window_size": 8}
    head = {"upscale": 2, "img_size": 16, "upsampler": "pixelshuffle"}
    network = from_published(family, {**config, **head})
    x = torch.rand(1, 3, 16, 24)
    with torch.inference_mode():
        expected = network.forward_head(x).image
    try:
        out = contender.make(network, (16, 24))(x)
    except Unavailable as why:
        pytest.skip(str(why))
    bound = 1e-5 if contender.precision == "float32" else 3e-2
    torch.testing.assert_close(out, expected, atol=bound, rtol=0)
