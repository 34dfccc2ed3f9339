"""The convolution kernel against PyTorch's layers in float64, on every instruction set there is."""

import copy
import pickle
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from swinsr.errors import ShapeMismatchError
from swinsr.ops.convolution.cpu import Convolution
from swinsr.ops.native import library
from swinsr.ops.native.scratch import take
from tests.ops.isa import ISAS, force
from tests.ops.rounding import assert_as_exact

pytestmark = pytest.mark.skipif(bool(library.unavailable()), reason=library.unavailable())

# inputs, outputs, nearest, shuffle, batch, height, width
SHAPES = [
    (60, 60, 1, 1, 1, 24, 40),
    (180, 64, 1, 1, 2, 5, 7),
    (64, 256, 1, 2, 2, 9, 6),
    (48, 48, 1, 4, 1, 8, 9),
    (10, 27, 1, 3, 3, 1, 1),
    (64, 3, 1, 1, 1, 11, 13),
    (16, 20, 2, 1, 2, 3, 5),
    (13, 12, 4, 2, 1, 2, 3),
    (1, 1, 1, 1, 1, 2, 33),
]


def layer(shape: tuple[int, ...]) -> tuple[Tensor, Tensor, Tensor]:
    """A weight, a bias and a map with channels last."""
    inputs, outputs, _, _, batch, height, width = shape
    torch.manual_seed(0)
    weight = torch.randn(outputs, inputs, 3, 3) / (9 * inputs) ** 0.5
    return weight, torch.randn(outputs), torch.randn(batch, height, width, inputs)


def by_pytorch(
    shape: tuple[int, ...], dtype: torch.dtype, slope: float, before: Tensor | None = None
) -> Tensor:
    weight, bias, x = (t.to(dtype) for t in layer(shape))
    _, _, nearest, shuffle, *_ = shape
    image = x.permute(0, 3, 1, 2).repeat_interleave(nearest, 2).repeat_interleave(nearest, 3)
    out = F.pixel_shuffle(F.conv2d(image, weight, bias, padding=1), shuffle).permute(0, 2, 3, 1)
    out = out if before is None else out + before.to(dtype)
    return F.leaky_relu(out, slope)


def empty_result(shape: tuple[int, ...]) -> Tensor:
    _, outputs, nearest, shuffle, batch, height, width = shape
    scale = nearest * shuffle
    return torch.full((batch, height * scale, width * scale, outputs // shuffle**2), torch.nan)


@pytest.mark.parametrize("isa", ISAS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("bfloat16", [False, True], ids=["float32", "bfloat16"])
def test_errs_no_more_than_the_layers(
    monkeypatch: pytest.MonkeyPatch, isa: str, shape: tuple[int, ...], bfloat16: bool
) -> None:
    force(isa, monkeypatch)
    weight, bias, x = layer(shape)
    settings = {"nearest": shape[2], "shuffle": shape[3]}
    out = empty_result(shape)
    Convolution(weight, bias, slope=0.2, bfloat16=bfloat16, **settings).into(out, x)
    dtype = torch.bfloat16 if bfloat16 else torch.float32
    reference, truth = by_pytorch(shape, dtype, 0.2), by_pytorch(shape, torch.float64, 0.2)
    unit = 2.0**-8 if bfloat16 else 2.0**-23
    # The transforms add several values before a product, which a single product has not.
    assert_as_exact(["out"], [out], [reference], [truth], unit=unit, luck=1.0)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_adds_to_what_is_there(shape: tuple[int, ...]) -> None:
    weight, bias, x = layer(shape)
    before = torch.randn_like(empty_result(shape))
    out = before.clone()
    convolution = Convolution(weight, bias, nearest=shape[2], shuffle=shape[3], slope=0.5)
    convolution.into(out, x, add=True)
    reference, truth = (
        by_pytorch(shape, dtype, 0.5, before) for dtype in (torch.float32, torch.float64)
    )
    assert_as_exact(["out"], [out], [reference], [truth], unit=2.0**-23, luck=1.0)


@pytest.mark.parametrize(("first", "last"), [(0, 1), (1, 4), (2, 9), (5, 9), (8, 9)])
@pytest.mark.parametrize("nearest", [1, 2])
def test_rows_of_a_result_are_those_of_the_whole(first: int, last: int, nearest: int) -> None:
    shape = (12, 16, nearest, 2, 2, 9, 5)
    weight, bias, x = layer(shape)
    whole = by_pytorch(shape, torch.float64, 1.0).float().contiguous()
    convolution = Convolution(weight, bias, nearest=nearest, shuffle=2)
    scale = 2 * nearest
    # Only the rows that are looked at are given, as a part of a larger map.
    low, high = max(first - 1, 0), min(last + 1, 9)
    room = torch.full_like(whole, torch.nan)
    out = room[:, first * scale : last * scale]
    convolution.into(out, x[:, low:high], top=(first - low) * nearest)
    torch.testing.assert_close(out, whole[:, first * scale : last * scale], atol=2e-6, rtol=0)
    assert room.isnan().sum() == room[:, : (9 - last + first) * scale].numel()


def test_layer_without_bias_and_later_changes_of_the_weight() -> None:
    shape = (8, 8, 1, 1, 1, 6, 6)
    weight, _, x = layer(shape)
    convolution = Convolution(weight, None)
    exact = F.conv2d(x.permute(0, 3, 1, 2), weight, padding=1).permute(0, 2, 3, 1)
    weight.zero_()
    out = empty_result(shape)
    convolution.into(out, x)
    torch.testing.assert_close(out, exact, atol=2e-6, rtol=0)


def test_results_do_not_depend_on_the_number_of_threads() -> None:
    shape = (20, 24, 1, 2, 2, 30, 31)
    weight, bias, x = layer(shape)
    convolution = Convolution(weight, bias, shuffle=2)
    before, found = torch.get_num_threads(), []
    try:
        for threads in (1, 2, 5):
            torch.set_num_threads(threads)
            found.append(empty_result(shape))
            convolution.into(found[-1], x)
    finally:
        torch.set_num_threads(before)
    assert found[0].equal(found[1])
    assert found[0].equal(found[2])


def test_refuses_what_it_cannot_read() -> None:
    weight, bias, x = layer((8, 8, 1, 1, 1, 6, 6))
    convolution = Convolution(weight, bias)
    out = torch.zeros(1, 6, 6, 8)
    for bad_out, bad_x, words in (
        (out, x[..., :7], "inputs"),
        (out[:, :, :5], x, "does not give"),
        (out.double(), x, "the result is not contiguous float32"),
        (out, x.permute(0, 2, 1, 3), "the input is not contiguous"),
        (out, x.bfloat16(), "the input is not contiguous float32"),
    ):
        with pytest.raises(ShapeMismatchError, match=words):
            convolution.into(bad_out, bad_x)
    assert not out.any()
    for bad in (weight[..., :2], torch.zeros(8, 8, 5, 5)):
        with pytest.raises(ShapeMismatchError, match="a weight is"):
            Convolution(bad, bias)
    with pytest.raises(ShapeMismatchError, match=r"a bias of 8 outputs is \(8,\), not \(2,\)"):
        Convolution(weight, bias[:2])
    for shuffle in (3, 0):
        with pytest.raises(ShapeMismatchError, match=rf"multiple of {shuffle}\^2"):
            Convolution(weight, bias, shuffle=shuffle)
    for nearest in (3, 0, -2):
        with pytest.raises(ShapeMismatchError, match="power of 2"):
            Convolution(weight, bias, nearest=nearest)
    for slope in (1.5, -0.1, float("nan")):
        with pytest.raises(ShapeMismatchError, match="slope in"):
            Convolution(weight, bias, slope=slope)


def test_an_empty_map_is_left_alone() -> None:
    weight, bias, _ = layer((8, 8, 1, 1, 1, 6, 6))
    Convolution(weight, bias).into(torch.zeros(0, 6, 6, 8), torch.zeros(0, 6, 6, 8))


@pytest.mark.parametrize("way", [copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))])
def test_copies_and_pickles_give_the_same(way: Callable[[Convolution], Convolution]) -> None:
    shape = (12, 16, 2, 2, 1, 7, 5)
    weight, bias, x = layer(shape)
    made = Convolution(weight, bias, nearest=2, shuffle=2, slope=0.2)
    out, again = empty_result(shape), empty_result(shape)
    made.into(out, x)
    copied = way(made)
    del made
    copied.into(again, x)
    assert again.equal(out)


def test_a_layer_stays_with_its_instruction_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is prepared is in the order of one; the variable may change before it is used."""
    shape = (8, 3, 1, 1, 1, 6, 6)
    weight, bias, x = layer(shape)
    force("baseline", monkeypatch)
    convolution = Convolution(weight, bias)
    monkeypatch.delenv(library.ISA_VARIABLE)
    out = empty_result(shape)
    convolution.into(out, x)
    torch.testing.assert_close(out, by_pytorch(shape, torch.float32, 1.0), atol=2e-6, rtol=0)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_pytorchs_default_type_does_not_matter(dtype: torch.dtype) -> None:
    shape = (64, 64, 1, 1, 1, 9, 8)
    weight, bias, x = layer(shape)
    out, exact = empty_result(shape), by_pytorch(shape, torch.float32, 1.0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        Convolution(weight, bias).into(out, x)
        assert take(1000).dtype == torch.float32
    finally:
        torch.set_default_dtype(before)
    torch.testing.assert_close(out, exact, atol=3e-6, rtol=0)
