"""The compiled attention kernels against the plain PyTorch reference in float64."""

import pytest
import torch
from torch import Tensor

from swinsr.errors import ConfigError
from swinsr.ops.native import library
from swinsr.ops.window_attention import window_attention_packed
from swinsr.ops.window_attention.cpu import window_attention_backward, window_attention_native
from tests.helpers.attention import problem, results
from tests.ops.isa import ISAS, force
from tests.ops.rounding import assert_as_exact

pytestmark = pytest.mark.skipif(bool(library.unavailable()), reason=library.unavailable())

UNITS = {torch.float32: 2.0**-23, torch.bfloat16: 2.0**-8}
NAMES = ("out", "qkv", "bias")
# window, heads, head_dim, rows, columns, batch
SHAPES = [
    (8, 4, 12, 2, 3, 2),
    (7, 3, 10, 1, 1, 1),
    (7, 2, 32, 3, 2, 1),
    (6, 2, 30, 3, 1, 2),
    (8, 2, 16, 1, 1, 3),
    (16, 1, 15, 2, 1, 1),
    (2, 1, 3, 4, 6, 4),
]


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", UNITS, ids=str)
@pytest.mark.parametrize("cosine", [False, True], ids=["v1", "v2"])
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_errs_no_more_than_the_reference(
    shape: tuple[int, ...],
    cosine: bool,
    dtype: torch.dtype,
    isa: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    force(isa, monkeypatch)
    for shifted in (False, True):
        given = problem(shape, shifted=shifted, cosine=cosine, dtype=dtype)
        truth, reference, ours = (
            results(given, shape, cosine=cosine, backend=backend, dtype=kind)
            for backend, kind in (
                ("reference", torch.float64),
                ("reference", dtype),
                ("native", dtype),
            )
        )
        assert ours[0].dtype == ours[1].dtype == dtype
        # The scale's gradient is a few numbers, right or wrong by luck: see the next test.
        ours, reference, truth = (r[:2] + r[3:] for r in (ours, reference, truth))
        assert_as_exact(NAMES, ours, reference, truth, unit=UNITS[dtype])


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("dtype", UNITS, ids=str)
@pytest.mark.parametrize("cosine", [False, True], ids=["v1", "v2"])
def test_gradient_of_the_scale_errs_no_more_than_the_reference(
    cosine: bool, dtype: torch.dtype, isa: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    force(isa, monkeypatch)
    shape = (6, 4, 10, 2, 2, 1)
    kinds = (("reference", torch.float64), ("reference", dtype), ("native", dtype))
    found: list[list[Tensor]] = [[], [], []]
    for seed in range(24):
        given = problem(shape, shifted=True, cosine=cosine, dtype=dtype, seed=seed)
        for values, (backend, kind) in zip(found, kinds, strict=True):
            settings = {"cosine": cosine, "backend": backend, "dtype": kind}
            values.append(results(given, shape, **settings)[2])  # type: ignore[arg-type]
    truth, reference, ours = ([torch.cat(values)] for values in found)
    assert_as_exact(["scale"], ours, reference, truth, unit=UNITS[dtype])


@pytest.mark.parametrize("cosine", [False, True], ids=["v1", "v2"])
def test_gradients_are_the_slopes_of_the_output(cosine: bool) -> None:
    shape = (3, 2, 4, 1, 2, 1)
    (qkv, scale, bias), mask, weights = problem(
        shape, shifted=True, cosine=cosine, dtype=torch.float32
    )
    assert mask is not None

    def total(q: Tensor, s: Tensor, b: Tensor) -> float:
        out = window_attention_native(
            q.float(), s.float(), b.float(), mask.float(), 1, 2, 2, cosine
        )
        return float((out.double() * weights).sum())

    grads = window_attention_backward(
        weights.float(), qkv.float(), scale.float(), bias.float(), mask.float(), 1, 2, 2, cosine
    )
    for place, gradient in enumerate(grads):
        direction = torch.randn_like(gradient).double()
        values = []
        for step in (-5e-3, 5e-3):
            moved = [qkv, scale, bias]
            moved[place] = moved[place] + step * direction
            values.append(total(*moved))
        slope = (values[1] - values[0]) / 1e-2
        expected = float((gradient.double() * direction).sum())
        assert abs(slope - expected) < 1e-2 * max(abs(expected), 1.0)


@pytest.mark.parametrize("dtype", UNITS, ids=str)
def test_queries_and_keys_of_length_zero_stay_finite(dtype: torch.dtype) -> None:
    shape = (4, 2, 6, 1, 1, 1)
    given = problem(shape, shifted=False, cosine=True, dtype=dtype)
    given[0][0][:, ::3] = 0.0
    ours = results(given, shape, cosine=True, backend="native", dtype=dtype)
    truth = results(given, shape, cosine=True, backend="reference", dtype=torch.float64)
    assert torch.allclose(ours[0].double(), truth[0], atol=0.05)
    assert torch.isfinite(torch.cat([t.flatten().float() for t in ours])).all()


def test_scores_too_large_for_exp_are_right() -> None:
    shape = (4, 2, 6, 1, 1, 1)
    (qkv, scale, bias), mask, gradient = problem(
        shape, shifted=False, cosine=False, dtype=torch.float32
    )
    given = ([40 * qkv, scale, bias], mask, gradient)
    ours = results(given, shape, cosine=False, backend="native", dtype=torch.float32)
    truth = results(given, shape, cosine=False, backend="reference", dtype=torch.float64)
    assert torch.allclose(ours[0].double(), truth[0], rtol=1e-3, atol=1e-3)


def test_mask_of_interior_windows_is_honoured() -> None:
    shape = (4, 1, 6, 2, 2, 1)
    (qkv, scale, bias), _, _ = problem(shape, shifted=False, cosine=False, dtype=torch.float32)
    mask = torch.randn(4, 16, 16)
    args = (qkv.float(), scale.float(), bias.float(), mask, (2, 2))
    ours = window_attention_packed(*args, heads=1, cosine=False, backend="native")
    reference = window_attention_packed(*args, heads=1, cosine=False, backend="reference")
    assert torch.allclose(ours, reference, atol=1e-5)


def test_non_contiguous_inputs_give_the_same() -> None:
    shape = (6, 2, 10, 2, 1, 1)
    (qkv, scale, bias), mask, gradient = problem(
        shape, shifted=True, cosine=True, dtype=torch.float32
    )
    strided = [
        qkv.transpose(0, 1).contiguous().transpose(0, 1),
        scale,
        bias.transpose(1, 2).contiguous().transpose(1, 2),
    ]
    assert not strided[0].is_contiguous()
    twisted = gradient.transpose(1, 2).contiguous().transpose(1, 2)
    settings = {"cosine": True, "backend": "native", "dtype": torch.float32}
    plain = results(([qkv, scale, bias], mask, gradient), shape, **settings)  # type: ignore[arg-type]
    other = results((strided, mask, twisted), shape, **settings)  # type: ignore[arg-type]
    assert all(torch.equal(a, b) for a, b in zip(plain, other, strict=True))


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    shape = (8, 2, 12, 4, 4, 2)
    given = problem(shape, shifted=True, cosine=True, dtype=torch.bfloat16)
    before = torch.get_num_threads()
    found = []
    try:
        for threads in (1, 2, 4):
            torch.set_num_threads(threads)
            found.append(results(given, shape, cosine=True, backend="native", dtype=torch.bfloat16))
    finally:
        torch.set_num_threads(before)
    for other in found[1:]:
        assert all(torch.equal(a, b) for a, b in zip(found[0], other, strict=True))


def test_no_windows_give_no_output() -> None:
    out = window_attention_packed(
        torch.empty(0, 16, 36),
        torch.ones(2),
        torch.zeros(2, 16, 16),
        None,
        (1, 1),
        heads=2,
        cosine=False,
        backend="native",
    )
    assert out.shape == (0, 16, 12)


@pytest.mark.parametrize("cosine", [False, True], ids=["v1", "v2"])
def test_registered_operators_keep_pytorchs_rules(cosine: bool) -> None:
    (qkv, scale, bias), mask, _ = problem(
        (4, 2, 6, 1, 2, 1), shifted=True, cosine=cosine, dtype=torch.float32
    )
    inputs = [t.float().requires_grad_() for t in (qkv, scale, bias)]
    assert mask is not None
    torch.library.opcheck(window_attention_native, (*inputs, mask.float(), 1, 2, 2, cosine))


def test_instruction_set_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(library.ISA_VARIABLE, "avx9000")
    with pytest.raises(ConfigError, match="SWINSR_ISA=avx9000"):
        library.kernels()
