"""Every published configuration gives the published network's output."""

import pytest
import torch

from swinsr.inference import prepare
from swinsr.models import from_published
from swinsr.ops.native.library import unavailable
from tests.parity.golden_cases import INDEX, RESTORATION, bound, differences, golden_network


@pytest.mark.parametrize("name", RESTORATION)
def test_output_equals_published_network(name: str) -> None:
    network = golden_network(name)
    worst = max(differences(name, network))
    assert worst <= bound(name), f"{name}: {worst:.2e}"


@pytest.mark.parametrize("name", ["swinir_light_x4", "swin2sr_light_x2"])
@pytest.mark.parametrize(
    ("variable", "backend"),
    [
        ("SWINSR_ATTENTION", "reference"),
        ("SWINSR_ATTENTION", "sdpa"),
        ("SWINSR_ATTENTION", "native"),
        ("SWINSR_BLOCK", "native"),
        ("SWINSR_BLOCK", "modules"),
    ],
)
def test_output_equals_published_network_by_every_backend(
    monkeypatch: pytest.MonkeyPatch, variable: str, backend: str, name: str
) -> None:
    if backend == "native" and (reason := unavailable()):
        pytest.skip(reason)
    monkeypatch.setenv(variable, backend)
    if variable == "SWINSR_ATTENTION":
        monkeypatch.setenv("SWINSR_BLOCK", "modules")  # which calls attention by itself
    network = golden_network(name)
    for run in (network, prepare(network)):
        worst = max(differences(name, network, run))
        assert worst <= bound(name), f"{name}: {worst:.2e}"


@pytest.mark.parametrize("name", ["swinir_color_jpeg", "swinir_real_m_x2"])
def test_output_of_the_network_made_ready_equals_the_published(name: str) -> None:
    network = golden_network(name)
    worst = max(differences(name, network, prepare(network)))
    assert worst <= bound(name), f"{name}: {worst:.2e}"


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
