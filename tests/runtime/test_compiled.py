"""PyTorch's compiler traces networks whole, and one compiled block serves all layers."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from swinsr.inference import prepare
from swinsr.models import RestorationNetwork, from_published
from swinsr.ops.native.library import unavailable
from swinsr.runtime.compiled import compile_blocks
from swinsr.training.steps.capture import STEP_WAYS

ROOT = Path(__file__).parents[2]
FAMILIES = ["swinir", "swin2sr"]


class Counting:
    """A compiler that counts what it is given and runs it as it is."""

    def __init__(self) -> None:
        self.graphs = 0

    def __call__(self, module: torch.fx.GraphModule, _: list[torch.Tensor]) -> Callable[..., Any]:
        self.graphs += 1
        return module.forward


@pytest.fixture(autouse=True)
def fresh() -> None:
    torch._dynamo.reset()


def network(family: str, depths: tuple[int, ...] = (2,), rate: float = 0.0) -> RestorationNetwork:
    torch.manual_seed(0)
    config = {"upscale": 2, "img_size": 16, "window_size": 8, "embed_dim": 16}
    config |= {"depths": depths, "num_heads": [2] * len(depths), "drop_path_rate": rate}
    return from_published(family, config | {"upsampler": "pixelshuffledirect"})


@pytest.mark.parametrize("family", FAMILIES)
def test_a_training_forward_is_one_graph(family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWINSR_BLOCK", "modules")
    built, image, counting = network(family).train(), torch.rand(2, 3, 13, 16), Counting()
    expected = built(image)
    found = torch.compile(built, fullgraph=True, backend=counting)(image)
    assert counting.graphs == 1
    assert torch.equal(found, expected)
    found.mean().backward()
    assert all(p.grad is not None for p in built.parameters())


@pytest.mark.parametrize(
    ("family", "window", "head_dim"),
    [
        ("swinir", 7, 10),
        ("swin2sr", 16, 12),
        ("swinir", 8, 30),
    ],
)
def test_windows_and_heads_of_other_sizes_are_traced_whole_and_train(
    family: str, window: int, head_dim: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWINSR_BLOCK", "modules")
    counting = Counting()
    torch.manual_seed(0)
    config = {"upscale": 2, "img_size": 16, "window_size": window, "embed_dim": head_dim}
    config |= {"depths": [2], "num_heads": [1], "upsampler": "pixelshuffledirect"}
    built, image = from_published(family, config | {"drop_path_rate": 0.0}), torch.rand(1, 3, 9, 11)
    expected = built.train()(image)
    expected.mean().backward()
    gradients = [p.grad.clone() for p in built.parameters() if p.grad is not None]
    built.zero_grad()
    found = torch.compile(built, fullgraph=True, backend=counting)(image)
    found.mean().backward()
    assert counting.graphs == 1
    assert torch.equal(found, expected)
    for parameter, gradient in zip(built.parameters(), gradients, strict=True):
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, gradient)


@pytest.mark.parametrize("block", ["modules", "native"])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_network_made_ready_is_one_graph(
    family: str, block: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if block == "native" and (reason := unavailable()):
        pytest.skip(reason)
    monkeypatch.setenv("SWINSR_BLOCK", block)
    ready, image, counting = prepare(network(family)), torch.rand(1, 3, 13, 16), Counting()
    with torch.inference_mode():
        expected = ready.compute(image)
        found = torch.compile(ready.compute, fullgraph=True, backend=counting)(image)
    assert counting.graphs == 1
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=0)


@pytest.mark.parametrize(
    ("family", "rate", "graphs"), [("swinir", 0.0, 2), ("swin2sr", 0.0, 2), ("swinir", 0.1, 3)]
)
def test_one_block_serves_all_layers(
    family: str, rate: float, graphs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plain and shifted; the first block of all drops nothing, which makes a third."""
    monkeypatch.setenv("SWINSR_BLOCK", "modules")
    built, image, counting = (
        network(family, (6, 6, 6, 6), rate),
        torch.rand(1, 3, 16, 8),
        Counting(),
    )
    built.train()
    torch.manual_seed(1)
    expected = built(image)
    expected.mean().backward()
    gradients = [p.grad.clone() for p in built.parameters() if p.grad is not None]
    built.zero_grad()
    compile_blocks(built, counting)
    torch.manual_seed(1)
    found = built(image)
    found.mean().backward()
    assert counting.graphs == graphs
    assert torch.equal(found, expected)
    for parameter, gradient in zip(built.parameters(), gradients, strict=True):
        assert parameter.grad is not None
        torch.testing.assert_close(parameter.grad, gradient)


def test_compiled_blocks_leave_names_and_copies_alone() -> None:
    built = network("swinir")
    names = list(built.state_dict())
    compile_blocks(built, Counting())
    assert list(built.state_dict()) == names


def test_every_example_of_the_guide_runs() -> None:
    text = (ROOT / "docs/gpu.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) == 3
    names: dict[str, Any] = {}
    for block in blocks:
        exec(block, names)
    assert names["picture"].shape == (1, 3, 48, 48)
    ways = re.findall(r"SWINSR_STEP=(\w+)", text)
    assert ways
    assert set(ways) <= set(STEP_WAYS)
