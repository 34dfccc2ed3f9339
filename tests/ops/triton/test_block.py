"""The two halves of a block by Triton against the modules in float64."""

import copy

import pytest
import torch
from torch import Tensor

from swinsr.inference import prepare
from swinsr.models import from_published
from swinsr.nn.block import SwinBlock, SwinBlockV2
from swinsr.ops.swin_block.triton.operators import block_attention_triton
from swinsr.runtime.compiled import compile_blocks
from swinsr.runtime.modules.block import fast_block
from swinsr.runtime.modules.halves import TritonBlock
from swinsr.runtime.modules.windows import run_block
from tests.ops.rounding import assert_as_exact

UNITS = {torch.float32: 2.0**-23, torch.bfloat16: 2.0**-8}
BLOCKS = [SwinBlock, SwinBlockV2]
# window, heads, head_dim, rows, columns, batch
SHAPES = [
    (8, 2, 16, 2, 1, 1),
    (8, 1, 12, 1, 2, 2),
    (7, 3, 10, 2, 2, 1),
    (7, 1, 32, 1, 1, 1),
    (4, 2, 30, 3, 2, 1),
]
LARGE = (16, 1, 30, 1, 1, 1)  # several programs a window


def problem(kind: type[SwinBlock], shape: tuple[int, ...], shift: bool) -> tuple[SwinBlock, Tensor]:
    window, heads, head_dim, rows, columns, batch = shape
    torch.manual_seed(0)
    block = kind(heads * head_dim, heads, window, window // 2 if shift else 0, mlp_ratio=2)
    for parameter in block.parameters():  # biases and norms must matter
        parameter.data.add_(0.1 * torch.randn_like(parameter))
    return block.eval(), torch.randn(batch, rows * window, columns * window, heads * head_dim)


@torch.no_grad()
def check(
    kind: type[SwinBlock], shape: tuple[int, ...], shift: bool, dtype: torch.dtype, dev: str
) -> None:
    block, x = problem(kind, shape, shift)
    exact = copy.deepcopy(block).double()
    exact.attn.backend = "reference"
    truth = exact.transform(x.double())
    block.to(dev)
    ours, plain = torch.full_like(x, torch.nan).to(dev), x.to(dev, copy=True)
    TritonBlock(block, dtype)(x.to(dev), ours)
    run_block(block, fast_block(block, dtype), plain)
    assert_as_exact(["out"], [ours.cpu()], [plain.cpu()], [truth], unit=UNITS[dtype], luck=1.0)
    # In place.
    again = x.to(dev, copy=True)
    TritonBlock(block, dtype)(again, again)
    assert again.equal(ours)


@pytest.mark.parametrize("shift", [False, True], ids=["plain", "shifted"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("kind", BLOCKS)
def test_errs_no_more_than_the_modules(
    kind: type[SwinBlock], shape: tuple[int, ...], shift: bool, device: str
) -> None:
    check(kind, shape, shift, torch.float32, device)


@pytest.mark.parametrize("kind", BLOCKS)
def test_errs_no_more_in_bfloat16(kind: type[SwinBlock], device: str) -> None:
    check(kind, SHAPES[0], True, torch.bfloat16, device)


@pytest.mark.parametrize("kind", BLOCKS)
def test_a_window_of_several_programs_errs_no_more(kind: type[SwinBlock], device: str) -> None:
    check(kind, LARGE, True, torch.float32, device)


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_a_network_runs_by_halves_and_is_traced_whole(
    family: str, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    config = {"upscale": 2, "img_size": 16, "window_size": 8, "depths": [2], "num_heads": [1]}
    network = from_published(family, config | {"embed_dim": 16, "upsampler": "pixelshuffledirect"})
    image = torch.rand(1, 3, 7, 9)
    expected = prepare(network)(image)
    monkeypatch.setenv("SWINSR_BLOCK", "triton")
    ready = prepare(network, device=torch.device(device))
    assert not ready.native
    torch.testing.assert_close(ready(image.to(device)).cpu(), expected, atol=2e-5, rtol=0)
    graphs = []

    def counting(module: torch.fx.GraphModule, _: object) -> object:
        graphs.append(str(module.graph))
        return module.forward

    with torch.inference_mode():
        found = torch.compile(ready.compute, fullgraph=True, backend=counting)(image.to(device))
    assert len(graphs) == 1
    assert graphs[0].count("block_attention_triton") >= 2
    torch.testing.assert_close(found.cpu(), expected, atol=2e-5, rtol=0)


def test_compiled_training_blocks_hold_the_attention_kernel(
    device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What CUDA takes by itself: two graphs, in each the operator."""
    monkeypatch.setenv("SWINSR_ATTENTION", "triton")
    monkeypatch.setenv("SWINSR_PROCESS", "triton")
    torch.manual_seed(0)
    config = {"upscale": 2, "img_size": 16, "window_size": 4, "depths": [2, 2], "num_heads": [1, 1]}
    config |= {"embed_dim": 8, "upsampler": "pixelshuffledirect", "drop_path_rate": 0.0}
    network = from_published("swinir", config).to(device).train()
    image = torch.rand(1, 3, 8, 8, device=device)
    expected = network(image)
    graphs = []

    def counting(module: torch.fx.GraphModule, _: object) -> object:
        graphs.append(str(module.graph))
        return module.forward

    compile_blocks(network, counting)
    found = network(image)
    found.mean().backward()
    assert len(graphs) == 2
    assert all("window_attention_triton" in graph for graph in graphs)
    torch.testing.assert_close(found, expected)


def test_registered_operators_keep_pytorchs_rules(device: str) -> None:
    block, x = problem(SwinBlock, (4, 1, 8, 1, 1, 1), True)
    ready = TritonBlock(block.to(device), torch.float32)
    scores = (
        block.attn.scale(),
        block.attn.position_bias().detach(),
        block.mask(torch.device(device)),
    )
    given = (torch.empty_like(x).to(device), x.to(device), *scores, *ready._attention)
    torch.library.opcheck(
        block_attention_triton,
        (*given, *ready._settings),
        test_utils=("test_schema", "test_faketensor"),
    )
