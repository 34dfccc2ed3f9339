"""The window process as a Triton kernel: one read and one write of each value, for every layout.

Values are moved as integers of their size, so that every type goes through and no bit changes.
"""

import torch
import triton
import triton.language as tl
from torch import Tensor

PIXELS = 16
_INTEGERS = {1: torch.int8, 2: torch.int16, 4: torch.int32, 8: torch.int64}


@triton.jit
def _move(
    x,
    windows,
    pixels,
    height,
    width,
    channels,
    shift,
    x_batch,
    x_row,
    x_column,
    x_channel,
    w_batch,
    w_window,
    w_token,
    w_channel,
    WINDOW: tl.constexpr,
    MERGES: tl.constexpr,
    PIXELS: tl.constexpr,
    CHANNELS: tl.constexpr,
):
    """Some pixels, some channels: from the map to the windows, or back."""
    pixel = tl.program_id(0).to(tl.int64) * PIXELS + tl.arange(0, PIXELS)
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)
    inside = (pixel < pixels)[:, None] & (channel < channels)[None, :]
    # Pixels are counted in the order of the windows.
    tokens: tl.constexpr = WINDOW * WINDOW
    token = pixel % tokens
    number = pixel // tokens
    columns = width // WINDOW
    count = (height // WINDOW) * columns
    batch = number // count
    number = number % count
    row = (number // columns * WINDOW + token // WINDOW + shift) % height
    column = (number % columns * WINDOW + token % WINDOW + shift) % width
    channel = channel.to(tl.int64)
    on_map = batch * x_batch + row * x_row + column * x_column
    on_map = x + on_map[:, None] + (channel * x_channel)[None, :]
    in_window = batch * w_batch + number * w_window + token * w_token
    in_window = windows + in_window[:, None] + (channel * w_channel)[None, :]
    if MERGES:
        tl.store(on_map, tl.load(in_window, mask=inside), mask=inside)
    else:
        tl.store(in_window, tl.load(on_map, mask=inside), mask=inside)


def _as_integers(tensor: Tensor) -> Tensor:
    """The same memory as integers; complex128, which no integer holds, as pairs of them."""
    if tensor.is_complex():
        if tensor.is_conj():
            tensor = tensor.resolve_conj()
        if tensor.stride(-1) != 1:
            tensor = tensor.contiguous()
        tensor = torch.view_as_real(tensor).flatten(-2)
    if tensor.is_neg():
        tensor = tensor.resolve_neg()
    return tensor.view(_INTEGERS[tensor.element_size()])


def _run(x: Tensor, windows: Tensor, window: int, shift: int, *, merges: bool) -> None:
    batch, height, width, channels = x.shape
    pixels = batch * height * width
    if not pixels or not channels:
        return
    block = min(triton.next_power_of_2(channels), 256)
    grid = (triton.cdiv(pixels, PIXELS), triton.cdiv(channels, block))
    _move[grid](
        x,
        windows,
        pixels,
        height,
        width,
        channels,
        shift,
        *x.stride(),
        *windows.stride(),
        WINDOW=window,
        MERGES=merges,
        PIXELS=PIXELS,
        CHANNELS=block,
    )


def partition(x: Tensor, window: int, shift: int) -> Tensor:
    """(batch, H, W, C) -> (batch, rows * columns, window * window, C), contiguous."""
    batch, height, width, channels = x.shape
    count = (height // window) * (width // window)
    out = x.new_empty(batch, count, window * window, channels)
    _run(_as_integers(x), _as_integers(out), window, shift, merges=False)
    return out


def merge(windows: Tensor, window: int, height: int, width: int, shift: int) -> Tensor:
    """(batch, rows * columns, window * window, C) -> (batch, H, W, C), contiguous."""
    out = windows.new_empty(windows.shape[0], height, width, windows.shape[3])
    _run(_as_integers(out), _as_integers(windows), window, shift, merges=True)
    return out
