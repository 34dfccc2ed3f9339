"""Small networks and the states they would have in files."""

from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor

from swinsr.models import RestorationConfig, RestorationNetwork, build, from_published

TINY: dict[str, Any] = {
    "upscale": 2,
    "embed_dim": 4,
    "depths": [1, 2],
    "num_heads": [1, 2],
    "window_size": 2,
    "img_size": 8,
    "upsampler": "pixelshuffledirect",
}


def tiny(family: str = "swinir", **changes: Any) -> RestorationNetwork:
    """A network of a few thousand random weights, none of them zero by initialisation."""
    torch.manual_seed(0)
    network = from_published(family, TINY | changes)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.normal_(std=0.3)
    return network


def same_output(a: RestorationNetwork, b: RestorationNetwork) -> bool:
    """Whether two networks return the very same picture at a size that needs padding."""
    image = torch.rand(1, a.config.in_chans, 5, 7, generator=torch.Generator().manual_seed(1))
    with torch.inference_mode():
        ours, theirs = a.forward_head(image).image, b.forward_head(image).image
    return torch.equal(ours, theirs)


def meta_state(config: RestorationConfig) -> dict[str, Tensor]:
    """Names and shapes of a network's tensors, without numbers."""
    with torch.device("meta"):
        return build(config).state_dict()


@st.composite
def configs(draw: st.DrawFn) -> tuple[str, dict[str, Any]]:
    """Any small network: (family, published keywords)."""
    family = draw(st.sampled_from(["swinir", "swin2sr"]))
    heads_of = {
        "": [1],
        "pixelshuffle": [1, 2, 3, 4, 8, 16],
        "pixelshuffledirect": [1, 2, 3, 4, 5, 6, 8],
        "nearest+conv": [2, 4],
        "pixelshuffle_aux": [2, 3, 4],
        "pixelshuffle_hf": [2, 3, 4],
    }
    upsampler = draw(st.sampled_from(list(heads_of)[: 4 if family == "swinir" else 6]))
    depths = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    heads = draw(st.lists(st.sampled_from([1, 2, 3]), min_size=len(depths), max_size=len(depths)))
    config: dict[str, Any] = {
        "upscale": draw(st.sampled_from(heads_of[upsampler])),
        "in_chans": draw(st.sampled_from([1, 3, 4])),
        "window_size": draw(st.integers(1, 9)),
        "img_range": draw(st.sampled_from([1.0, 255.0])),
        "depths": depths,
        "embed_dim": 6 * draw(st.integers(1, 3)),
        "num_heads": heads,
        "mlp_ratio": draw(st.sampled_from([0.5, 1, 1.3, 2, 2.66, 4])),
        "upsampler": upsampler,
        "resi_connection": draw(st.sampled_from(["1conv", "3conv"])),
        "qkv_bias": draw(st.booleans()),
        "ape": draw(st.booleans()),
        "patch_norm": draw(st.booleans()),
    }
    config["img_size"] = config["window_size"] * draw(st.integers(2, 5))
    if family == "swin2sr":
        config["pretrained_window_size"] = draw(st.sampled_from([0, 0, 4, 12]))
    return family, config
