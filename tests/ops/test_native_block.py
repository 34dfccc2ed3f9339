"""The block kernel against the modules it stands for, in float64: output and every gradient."""

import copy

import pytest
import torch
from torch import Tensor

from swinsr.nn.attention import WindowAttentionV2
from swinsr.nn.block import SwinBlock, SwinBlockV2
from swinsr.ops.native import library
from swinsr.ops.swin_block.cpu import swin_block_native
from tests.ops.isa import ISAS, force
from tests.ops.rounding import assert_as_exact

pytestmark = pytest.mark.skipif(bool(library.unavailable()), reason=library.unavailable())

# dim, heads, window, shift, batch, height, width, mlp ratio
SHAPES = [
    (48, 4, 8, 4, 2, 16, 24, 2),
    (60, 6, 8, 0, 1, 8, 16, 2),
    (30, 2, 7, 3, 1, 14, 7, 4),
    (45, 3, 6, 3, 1, 6, 12, 2),
    (64, 2, 7, 3, 1, 7, 7, 2),
]


def make_block(
    kind: type[SwinBlock], shape: tuple[int, ...], *, qkv_bias: bool = True
) -> SwinBlock:
    """A block in training mode whose parameters are all far from their initial values."""
    dim, heads, window, shift, *_, ratio = shape
    torch.manual_seed(0)
    block = kind(dim, heads, window, shift, mlp_ratio=ratio, qkv_bias=qkv_bias).train()
    block.attn.backend = "reference"
    with torch.no_grad():
        for name, parameter in block.named_parameters():
            if parameter.ndim == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
            elif "table" in name:
                parameter.mul_(30)
            elif "cpb" not in name:
                parameter.mul_(3)
    return block


def arguments(block: SwinBlock, x: Tensor, *, bfloat16: bool) -> tuple[object, ...]:
    attn, mlp = block.attn, block.mlp
    second = isinstance(attn, WindowAttentionV2)
    return (
        x,
        attn.scale(),
        attn.position_bias(),
        block.mask(x.device),
        *(block.norm1.weight, block.norm1.bias),
        *(attn.qkv.weight, attn.qkv_bias() if second else attn.qkv.bias),
        *(attn.proj.weight, attn.proj.bias),
        *(block.norm2.weight, block.norm2.bias),
        *(mlp.fc1.weight, mlp.fc1.bias, mlp.fc2.weight, mlp.fc2.bias),
        *(block.window, block.shift, attn.heads, 2 if second else 1, bfloat16),
    )


def outcome(block: SwinBlock, x: Tensor, gradient: Tensor, how: str) -> dict[str, Tensor]:
    """The output, and the gradients of the map and of every parameter, by name."""
    block.zero_grad()
    x = x.clone().requires_grad_()
    if how == "modules":
        out = block.transform(x)
    elif how == "autocast":
        with torch.autocast("cpu", torch.bfloat16):
            out = block.transform(x)
    else:
        out = swin_block_native(*arguments(block, x, bfloat16=how == "kernel in bfloat16"))
    out.backward(gradient.to(out.dtype))
    assert x.grad is not None
    found = {"out": out.detach(), "x": x.grad}
    for name, parameter in block.named_parameters():
        # One number a head, right or wrong by luck; the attention kernels' tests hold it.
        if parameter.grad is not None and name != "attn.logit_scale":
            found[name] = parameter.grad.clone()
    return found


def maps(shape: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    dim, batch, height, width = shape[0], *shape[4:7]
    return 1.5 * torch.randn(batch, height, width, dim), torch.randn(batch, height, width, dim)


@pytest.fixture(autouse=True)
def _modules_stay_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWINSR_BLOCK", "modules")


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", [SwinBlock, SwinBlockV2])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_errs_no_more_than_the_modules(
    shape: tuple[int, ...],
    kind: type[SwinBlock],
    precision: str,
    isa: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    force(isa, monkeypatch)
    block = make_block(kind, shape)
    x, gradient = maps(shape)
    truth = outcome(copy.deepcopy(block).double(), x.double(), gradient.double(), "modules")
    if precision == "float32":
        reference, unit = outcome(block, x, gradient, "modules"), 2.0**-23
        ours = outcome(block, x, gradient, "kernel in float32")
    else:
        reference, unit = outcome(block, x, gradient, "autocast"), 2.0**-8
        ours = outcome(block, x, gradient, "kernel in bfloat16")
    assert ours.keys() == truth.keys()
    names = list(truth)
    assert_as_exact(
        names,
        [ours[n] for n in names],
        [reference[n] for n in names],
        [truth[n] for n in names],
        unit=unit,
    )


@pytest.mark.parametrize("kind", [SwinBlock, SwinBlockV2])
def test_projection_without_bias(kind: type[SwinBlock]) -> None:
    shape = (24, 2, 4, 2, 1, 8, 4, 2)
    block = make_block(kind, shape, qkv_bias=False)
    x, gradient = maps(shape)
    ours = outcome(block, x, gradient, "kernel in float32")
    modules = outcome(block, x, gradient, "modules")
    for name, value in modules.items():
        assert torch.allclose(ours[name], value, rtol=1e-3, atol=1e-4), name


def test_map_in_any_layout_gives_the_same() -> None:
    shape = (24, 2, 4, 2, 2, 8, 12, 2)
    block = make_block(SwinBlock, shape)
    x, gradient = maps(shape)
    plain = outcome(block, x, gradient, "kernel in float32")
    strided = x.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1)
    other = outcome(block, strided, gradient.transpose(1, 2).contiguous().transpose(1, 2), "kernel")
    assert not strided.is_contiguous()
    assert all(torch.equal(plain[name], other[name]) for name in plain)


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    shape = (24, 2, 4, 2, 2, 16, 16, 2)
    block = make_block(SwinBlockV2, shape)
    x, gradient = maps(shape)
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            found.append(outcome(block, x, gradient, "kernel in bfloat16"))
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(found[0][name], other[name]) for name in other)


@pytest.mark.parametrize("kind", [SwinBlock, SwinBlockV2])
def test_registered_operators_keep_pytorchs_rules(kind: type[SwinBlock]) -> None:
    shape = (12, 2, 4, 2, 1, 8, 4, 2)
    block = make_block(kind, shape)
    given = [
        value.detach().requires_grad_(value.requires_grad) if isinstance(value, Tensor) else value
        for value in arguments(block, maps(shape)[0].requires_grad_(), bfloat16=False)
    ]
    torch.library.opcheck(swin_block_native, tuple(given))
