"""Every published configuration gives the published network's output."""

import pytest
import torch

from swinsr.models import from_published
from tests.parity.golden_cases import INDEX, RESTORATION, bound, differences, golden_network


@pytest.mark.parametrize("name", RESTORATION)
def test_output_equals_published_network(name: str) -> None:
    network = golden_network(name)
    worst = max(differences(name, network))
    assert worst <= bound(network), f"{name}: {worst:.2e}"


@pytest.mark.parametrize("name", RESTORATION)
def test_parameter_names_shapes_and_count_are_the_published(name: str) -> None:
    case = INDEX[name]
    with torch.device("meta"):
        network = from_published(case["family"], case["config"])
    derived = ("relative_position_index", "relative_coords_table", "attn_mask", "mean")
    published = {
        key: tuple(shape)
        for key, shape in case["keys"].items()
        if key.rpartition(".")[2] not in derived
    }
    assert {k: tuple(v.shape) for k, v in network.state_dict().items()} == published
    assert sum(p.numel() for p in network.parameters()) == case["params"]
