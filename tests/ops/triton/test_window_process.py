"""The window process's Triton kernel gives the bits of roll and rearrange."""

import pytest
import torch

from swinsr.ops.window_process.operators import shift_partition_fused
from tests.ops import window_process_cases as cases


@pytest.mark.parametrize("dtype", cases.DTYPES, ids=str)
def test_kernel_gives_the_reference_bits_for_every_type(dtype: torch.dtype, device: str) -> None:
    cases.check(cases.SHAPES[2], dtype, "contiguous", "triton", device)


@pytest.mark.parametrize("layout", cases.LAYOUTS)
@pytest.mark.parametrize("shape", [cases.SHAPES[1], cases.SHAPES[4]], ids=str)
def test_kernel_gives_the_reference_bits_for_every_layout(
    shape: tuple[int, ...], layout: str, device: str
) -> None:
    cases.check(shape, torch.float32, layout, "triton", device)


def test_more_channels_than_a_block(device: str) -> None:
    cases.check((1, 1, 2, 4, 2, 300), torch.complex64, "transposed", "triton", device)


@pytest.mark.parametrize("shape", [cases.SHAPES[3], cases.SHAPES[4]], ids=str)
def test_kernel_gives_the_reference_gradients(shape: tuple[int, ...], device: str) -> None:
    cases.check_gradients(shape, "triton", device)


def test_empty_batch(device: str) -> None:
    empty = torch.empty(0, 8, 4, 3, device=device)
    assert shift_partition_fused(empty, 4, 1, "triton").shape == (0, 2, 16, 3)
