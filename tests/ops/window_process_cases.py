"""What every backend of the window process is held to: the bits of the plain operations."""

from collections.abc import Callable

import torch
from torch import Tensor

from swinsr.ops.window import window_merge, window_partition
from swinsr.ops.window_process import merge_unshift, shift_partition

# batch, rows, columns, window, shift, channels
SHAPES = [
    (1, 1, 1, 4, 0, 3),
    (1, 1, 1, 7, 3, 5),
    (2, 2, 3, 8, 4, 12),
    (3, 3, 1, 6, 5, 1),
    (1, 1, 4, 7, 1, 33),
    (2, 2, 2, 1, 0, 2),
]
DTYPES = [
    torch.float32,
    torch.float64,
    torch.bfloat16,
    torch.float16,
    torch.uint8,
    torch.int64,
    torch.bool,
    torch.complex64,
    torch.complex128,
    torch.float8_e4m3fn,
]
LAYOUTS: dict[str, Callable[[Tensor], Tensor]] = {
    "contiguous": lambda t: t,
    "channels first": lambda t: t.permute(0, 3, 1, 2).contiguous().permute(0, 2, 3, 1),
    "transposed": lambda t: t.transpose(1, 2).contiguous().transpose(1, 2),
    "every second": lambda t: torch.stack([t, t], dim=-1).flatten(-2)[..., ::2],
    "expanded": lambda t: t[..., :1].expand(t.shape),
}


def values(shape: tuple[int, ...], dtype: torch.dtype, device: str) -> Tensor:
    """Numbers that differ from place to place, bit patterns of every kind among them."""
    torch.manual_seed(0)
    if dtype.is_complex:
        return torch.randn(shape, dtype=dtype).to(device)
    if dtype.is_floating_point:
        return torch.randn(shape).to(dtype).to(device)
    return torch.randint(0, 2 if dtype == torch.bool else 120, shape).to(dtype).to(device)


def same_bits(a: Tensor, b: Tensor) -> bool:
    return (
        a.shape == b.shape
        and a.dtype == b.dtype
        and torch.equal(a.contiguous().view(torch.uint8), b.contiguous().view(torch.uint8))
    )


def check(shape: tuple[int, ...], dtype: torch.dtype, layout: str, backend: str, dev: str) -> None:
    """Both directions against the plain operations, from a map in some memory layout."""
    batch, rows, columns, window, shift, channels = shape
    size = (rows * window, columns * window)
    x = LAYOUTS[layout](values((batch, *size, channels), dtype, dev))
    # float8 cannot be rolled; its bits can.
    plain = x.view(torch.uint8) if dtype == torch.float8_e4m3fn else x
    expected = window_partition(plain, window, shift).view(dtype)
    found = shift_partition(x, window, shift, backend=backend)
    assert found.is_contiguous() and same_bits(found, expected)
    windows = LAYOUTS[layout](values(tuple(expected.shape), dtype, dev))
    plain = windows.view(torch.uint8) if dtype == torch.float8_e4m3fn else windows
    expected = window_merge(plain, window, size, shift).view(dtype)
    found = merge_unshift(windows, window, size, shift, backend=backend)
    assert found.is_contiguous() and same_bits(found, expected)


def check_gradients(shape: tuple[int, ...], backend: str, dev: str) -> None:
    """Gradients, with incoming ones in another memory layout, are the plain operations' own."""
    batch, rows, columns, window, shift, channels = shape
    size = (rows * window, columns * window)
    maps = values((batch, *size, channels), torch.float32, dev)
    cut = values((batch, rows * columns, window**2, channels), torch.float32, dev)
    for gradient_layout in ("contiguous", "transposed"):
        turn = LAYOUTS[gradient_layout]
        x, y = maps.clone().requires_grad_(), maps.clone().requires_grad_()
        shift_partition(x, window, shift, backend=backend).backward(turn(cut))
        window_partition(y, window, shift).backward(cut)
        assert x.grad is not None and y.grad is not None and same_bits(x.grad, y.grad)
        x, y = cut.clone().requires_grad_(), cut.clone().requires_grad_()
        merge_unshift(x, window, size, shift, backend=backend).backward(turn(maps))
        window_merge(y, window, size, shift).backward(maps)
        assert x.grad is not None and y.grad is not None and same_bits(x.grad, y.grad)
