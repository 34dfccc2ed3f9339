"""Windows: partition and merge with cyclic shift, and the mask that the shift makes necessary.

A map is (batch, height, width, channels) with height and width multiples of the window; its
windows are (batch, rows * columns, window ** 2, channels), row by row.

After a cyclic shift only the last row and the last column of windows hold pixels that were not
neighbours. So there are four kinds of window and not one mask per window:

    0  interior            nothing to mask
    1  last column         the picture's left edge came in from the right
    2  last row            the picture's top edge came in from below
    3  the corner          both

Source: Swin, arXiv:2103.14030, section 3.2 and figure 4.
"""

import functools
from collections.abc import Callable
from typing import ParamSpec

import torch
from einops import rearrange
from torch import Tensor

from swinsr.errors import ShapeMismatchError

P = ParamSpec("P")
MASKED = -100.0  # what the published networks add where attention is not allowed


def window_partition(x: Tensor, window: int, shift: int = 0) -> Tensor:
    """Roll a map up and left by `shift`, then cut it into windows.

    Args:
        x: (batch, height, width, channels).
        window: side of a window in pixels; height and width are multiples of it.
        shift: pixels of cyclic shift, 0 <= shift < window.

    Returns:
        (batch, rows * columns, window * window, channels).

    Raises:
        ShapeMismatchError: height or width is no multiple of the window.
    """
    _, height, width, _ = x.shape
    if height % window or width % window:
        raise ShapeMismatchError(
            f"a {height}x{width} map cannot be cut into {window}x{window} windows; pad it first"
        )
    if shift:
        x = torch.roll(x, shifts=(-shift, -shift), dims=(1, 2))
    return rearrange(x, "b (r h) (c w) d -> b (r c) (h w) d", h=window, w=window)


def window_merge(windows: Tensor, window: int, size: tuple[int, int], shift: int = 0) -> Tensor:
    """Put windows back into a map and undo the cyclic shift: the inverse of `window_partition`.

    Args:
        windows: (batch, rows * columns, window * window, channels).
        window: side of a window in pixels.
        size: (height, width) of the map.
        shift: the shift that `window_partition` was given.

    Returns:
        (batch, height, width, channels).
    """
    rows, columns = size[0] // window, size[1] // window
    x = rearrange(
        windows, "b (r c) (h w) d -> b (r h) (c w) d", r=rows, c=columns, h=window, w=window
    )
    return torch.roll(x, shifts=(shift, shift), dims=(1, 2)) if shift else x


def _kept(size: int) -> Callable[[Callable[P, Tensor]], Callable[P, Tensor]]:
    """Remember a function's last tensors, as ones that later uses of any kind can take.

    Made outside inference mode, since a backward pass may need them; and never while a program is
    traced, where tensors are stand-ins.
    """

    def decorate(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
        cached = functools.lru_cache(maxsize=size)(torch.inference_mode(False)(function))

        @functools.wraps(function)
        def call(*args: P.args, **kwargs: P.kwargs) -> Tensor:
            if torch.compiler.is_compiling():
                return function(*args, **kwargs)
            return cached(*args, **kwargs)  # type: ignore[arg-type]

        return call

    return decorate


@_kept(32)
def shift_mask(window: int, shift: int, device: torch.device, dtype: torch.dtype) -> Tensor:
    """The additive masks of the four kinds of window, (4, window ** 2, window ** 2).

    Two pixels of a window may see each other where they lie on the same side of the seam that the
    shift left in it, at `window - shift` from the window's start. Entries are 0 or `MASKED`.
    """
    side = torch.arange(window, device=device) >= window - shift
    below, right = side[:, None].expand(window, window), side[None, :].expand(window, window)
    here = torch.zeros(window, window, dtype=torch.long, device=device)
    regions = torch.stack([here, here + right, here + below, here + 2 * below + right]).flatten(1)
    split = regions[:, :, None] != regions[:, None, :]
    return torch.zeros(split.shape, device=device, dtype=dtype).masked_fill_(split, MASKED)


@_kept(256)
def window_kinds(rows: int, columns: int, device: torch.device) -> Tensor:
    """Which of the four masks each window takes, (rows * columns,) of int64."""
    last_row = torch.arange(rows, device=device) == rows - 1
    last_column = torch.arange(columns, device=device) == columns - 1
    return (2 * last_row[:, None].long() + last_column[None, :].long()).flatten()
