"""Windows: partition and merge are inverse, and the mask separates what the shift joined."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from swinsr.errors import ShapeMismatchError
from swinsr.ops.pad import pad_to_multiple
from swinsr.ops.window import MASKED, shift_mask, window_kinds, window_merge, window_partition

SIZES = st.integers(1, 4)


@given(rows=SIZES, columns=SIZES, window=st.integers(1, 6), data=st.data())
def test_merge_undoes_partition(rows: int, columns: int, window: int, data: st.DataObject) -> None:
    shift = data.draw(st.integers(0, window - 1))
    x = torch.rand(2, rows * window, columns * window, 3)
    windows = window_partition(x, window, shift)
    assert windows.shape == (2, rows * columns, window * window, 3)
    assert torch.equal(window_merge(windows, window, (x.shape[1], x.shape[2]), shift), x)


def test_partition_takes_rolled_rectangles_row_by_row() -> None:
    x = torch.arange(48).view(1, 4, 12, 1)
    windows = window_partition(x, 4, 1)
    assert windows[0, 0, :5, 0].tolist() == [13, 14, 15, 16, 25]
    assert windows[0, 2, 3, 0] == 12  # the right edge took the left one in


def test_refuses_maps_that_windows_do_not_divide() -> None:
    with pytest.raises(ShapeMismatchError, match="10x8"):
        window_partition(torch.zeros(1, 10, 8, 1), 4)


@given(rows=SIZES, columns=SIZES, window=st.integers(2, 6), data=st.data())
def test_mask_separates_exactly_what_the_shift_carried_round(
    rows: int, columns: int, window: int, data: st.DataObject
) -> None:
    """Pixels see each other where both or neither came in over the picture's edge."""
    shift = data.draw(st.integers(1, window - 1))
    height, width = rows * window, columns * window
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    where = window_partition(torch.stack([y, x], dim=-1)[None], window, shift)[0]
    mask = shift_mask(window, shift, torch.device("cpu"), torch.float32)
    kinds = window_kinds(rows, columns, torch.device("cpu"))
    for pixels, kind in zip(where, kinds, strict=True):
        carried = pixels < shift  # in y, in x
        alike = (carried[:, None] == carried[None]).all(-1)
        assert torch.equal(mask[kind] == 0.0, alike)
        assert set(mask[kind].unique().tolist()) <= {0.0, MASKED}


@given(height=st.integers(1, 20), width=st.integers(1, 20), multiple=st.integers(1, 16))
def test_padding_mirrors_like_numpy(height: int, width: int, multiple: int) -> None:
    import numpy as np

    x = torch.rand(1, 2, height, width)
    below, right = -height % multiple, -width % multiple
    expected = np.pad(x.numpy(), ((0, 0), (0, 0), (0, below), (0, right)), mode="reflect")
    assert np.array_equal(pad_to_multiple(x, multiple).numpy(), expected)


def test_masks_made_in_inference_mode_serve_training() -> None:
    with torch.inference_mode():
        kinds = window_kinds(3, 5, torch.device("cpu"))
        mask = shift_mask(5, 3, torch.device("cpu"), torch.float32)
    scores = torch.zeros(15, 25, 25, requires_grad=True)
    (scores * mask[kinds]).sum().backward()
    assert scores.grad is not None


def test_masks_met_in_a_trace_are_not_remembered() -> None:
    class Masked(torch.nn.Module):
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x + shift_mask(7, 2, x.device, x.dtype)

    torch.export.export(Masked(), (torch.zeros(4, 49, 49),))
    mask = shift_mask(7, 2, torch.device("cpu"), torch.float32)
    assert type(mask) is torch.Tensor
