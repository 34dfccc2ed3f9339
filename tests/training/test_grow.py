"""A grown network computes what the small one did, and can learn."""

import pytest
import torch

from swinsr.errors import ConfigError
from swinsr.models import from_published
from swinsr.training.weights.grow import grow

SMALL = {
    "upscale": 2,
    "img_size": 16,
    "window_size": 4,
    "depths": [2, 1],
    "num_heads": [2, 2],
    "embed_dim": 8,
    "upsampler": "pixelshuffledirect",
}


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_grown_network_gives_the_same_picture(family: str) -> None:
    torch.manual_seed(0)
    small = from_published(family, SMALL)
    deep = grow(small, [2, 3, 1, 2])
    image = torch.rand(1, 3, 9, 10)
    with torch.no_grad():
        assert torch.allclose(deep(image), small(image), atol=1e-6)
    assert deep.config.depths == (2, 3, 1, 2)


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_every_parameter_of_a_grown_network_learns(family: str) -> None:
    torch.manual_seed(0)
    deep = grow(from_published(family, SMALL), [2, 2, 2])
    before = {name: p.detach().clone() for name, p in deep.named_parameters()}
    optimizer = torch.optim.Adam(deep.parameters(), lr=0.01)
    for _ in range(6):
        optimizer.zero_grad()
        image = torch.rand(2, 3, 8, 8)
        (deep(image) - torch.rand(2, 3, 16, 16)).square().mean().backward()
        optimizer.step()
    assert not [n for n, p in deep.named_parameters() if torch.equal(p, before[n])]


def test_refuses_fewer_groups() -> None:
    with pytest.raises(ConfigError, match="fewer groups"):
        grow(from_published("swinir", SMALL), [2])
