"""The Triton attention kernels against the plain PyTorch reference in float64."""

import pytest
import torch
from torch import Tensor

from swinsr.ops.window_attention import window_attention_packed
from swinsr.ops.window_attention.triton import launch
from swinsr.ops.window_attention.triton.operators import window_attention_triton
from tests.helpers.attention import Given, problem, results
from tests.ops.rounding import assert_as_exact

UNITS = {torch.float32: 2.0**-23, torch.bfloat16: 2.0**-8, torch.float16: 2.0**-11}
# window, heads, head_dim, rows, columns, batch
SHAPES = [
    (8, 1, 12, 2, 1, 2),
    (7, 2, 10, 1, 1, 1),
    (7, 1, 32, 1, 2, 1),
    (6, 1, 30, 2, 2, 1),
    (8, 2, 16, 1, 2, 1),
    (2, 1, 3, 2, 3, 2),
]
LARGE = (16, 1, 30, 2, 1, 1)  # its scores do not fit a program: several tiles, a second kernel


def check(given: Given, shape: tuple[int, ...], cosine: bool, dtype: torch.dtype, dev: str) -> None:
    truth, reference, ours = (
        results(given, shape, cosine=cosine, backend=backend, dtype=kind, device=dev)
        for backend, kind in (
            ("reference", torch.float64),
            ("reference", dtype),
            ("triton", dtype),
        )
    )
    assert ours[0].dtype == ours[1].dtype == dtype
    # The scale's gradient is a few numbers, right or wrong by luck: see its own test.
    ours, reference, truth = (r[:2] + r[3:] for r in (ours, reference, truth))
    assert_as_exact(("out", "qkv", "bias"), ours, reference, truth, unit=UNITS[dtype])


@pytest.mark.parametrize("shifted", [False, True], ids=["plain", "shifted"])
@pytest.mark.parametrize("cosine", [False, True], ids=["v1", "v2"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_errs_no_more_than_the_reference(
    shape: tuple[int, ...], cosine: bool, shifted: bool, device: str
) -> None:
    given = problem(shape, shifted=shifted, cosine=cosine, dtype=torch.float32)
    check(given, shape, cosine, torch.float32, device)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("cosine", [False, True], ids=["v1", "v2"])
def test_errs_no_more_than_the_reference_in_16_bits(
    cosine: bool, dtype: torch.dtype, device: str
) -> None:
    given = problem(SHAPES[3], shifted=True, cosine=cosine, dtype=dtype)
    check(given, SHAPES[3], cosine, dtype, device)


@pytest.mark.parametrize("cosine", [False, True], ids=["v1", "v2"])
def test_window_in_several_tiles_errs_no_more(cosine: bool, device: str) -> None:
    given = problem(LARGE, shifted=True, cosine=cosine, dtype=torch.float32)
    check(given, LARGE, cosine, torch.float32, device)


@pytest.mark.parametrize("cosine", [False, True], ids=["v1", "v2"])
def test_small_tiles_err_no_more(
    cosine: bool, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # 49 tokens in tiles of 16: the last one is mostly padding.
    shape = SHAPES[2]
    monkeypatch.setattr(launch._Sizes.__init__, "__kwdefaults__", {"largest_tile": 16 * 64})
    given = problem(shape, shifted=True, cosine=cosine, dtype=torch.float32)
    check(given, shape, cosine, torch.float32, device)


@pytest.mark.parametrize("cosine", [False, True], ids=["v1", "v2"])
def test_gradient_of_the_scale_errs_no_more_than_the_reference(cosine: bool, device: str) -> None:
    shape, dtype = (6, 4, 10, 1, 1, 1), torch.float32
    kinds = (("reference", torch.float64), ("reference", dtype), ("triton", dtype))
    found: list[list[Tensor]] = [[], [], []]
    for seed in range(6):
        given = problem(shape, shifted=True, cosine=cosine, dtype=dtype, seed=seed)
        for values, (backend, kind) in zip(found, kinds, strict=True):
            settings = {"cosine": cosine, "backend": backend, "dtype": kind, "device": device}
            values.append(results(given, shape, **settings)[2])  # type: ignore[arg-type]
    truth, reference, ours = ([torch.cat(values)] for values in found)
    assert_as_exact(["scale"], ours, reference, truth, unit=UNITS[dtype])


def test_mask_of_interior_windows_is_honoured(device: str) -> None:
    shape = (4, 1, 6, 2, 2, 1)
    inputs, _, gradient = problem(shape, shifted=False, cosine=False, dtype=torch.float32)
    mask = torch.randn(4, 16, 16).double()
    check((inputs, mask, gradient), shape, False, torch.float32, device)


def test_queries_and_keys_of_length_zero_stay_finite(device: str) -> None:
    shape = (4, 2, 6, 1, 1, 1)
    given = problem(shape, shifted=False, cosine=True, dtype=torch.float32)
    given[0][0][:, ::3] = 0.0
    settings = {"cosine": True, "device": device}
    ours = results(given, shape, backend="triton", dtype=torch.float32, **settings)  # type: ignore[arg-type]
    truth = results(given, shape, backend="reference", dtype=torch.float64, **settings)  # type: ignore[arg-type]
    assert torch.allclose(ours[0].double(), truth[0], atol=1e-4)
    assert torch.isfinite(torch.cat([t.flatten() for t in ours])).all()


def test_scores_too_large_for_exp_are_right(device: str) -> None:
    shape = (4, 2, 6, 1, 1, 1)
    given = problem(shape, shifted=False, cosine=False, dtype=torch.float32)
    given[0][0].mul_(40)
    check(given, shape, False, torch.float32, device)


def test_non_contiguous_inputs_give_the_same(device: str) -> None:
    shape = (6, 2, 10, 2, 1, 1)
    (qkv, scale, bias), mask, gradient = problem(
        shape, shifted=True, cosine=True, dtype=torch.float32
    )
    settings = {"cosine": True, "backend": "triton", "dtype": torch.float32, "device": device}
    plain = results(([qkv, scale, bias], mask, gradient), shape, **settings)  # type: ignore[arg-type]
    turned = [t.transpose(-1, -2).contiguous().transpose(-1, -2) for t in (qkv, bias, gradient)]
    assert not turned[0].is_contiguous()
    other = results(([turned[0], scale, turned[1]], mask, turned[2]), shape, **settings)  # type: ignore[arg-type]
    assert all(torch.equal(a, b) for a, b in zip(plain, other, strict=True))


def test_no_windows_give_no_output(device: str) -> None:
    qkv = torch.empty(0, 16, 36, device=device, requires_grad=True)
    scale, bias = torch.ones(2, device=device), torch.zeros(2, 16, 16, device=device)
    out = window_attention_packed(
        qkv, scale, bias, None, (1, 1), heads=2, cosine=False, backend="triton"
    )
    assert out.shape == (0, 16, 12)
    out.sum().backward()
    assert qkv.grad is not None and qkv.grad.shape == qkv.shape


def test_registered_operators_keep_pytorchs_rules(device: str) -> None:
    (qkv, scale, bias), mask, _ = problem(
        (2, 1, 3, 1, 1, 1), shifted=True, cosine=True, dtype=torch.float32
    )
    assert mask is not None
    inputs = [t.float().to(device).requires_grad_() for t in (qkv, scale, bias)]
    masks = mask.float().to(device)
    torch.library.opcheck(window_attention_triton, (*inputs, masks, 1, 1, 1, True))
