"""The window process in PyTorch's own strided copies: each pixel is read once and written once.

After the shift an axis falls into three runs: the pixels of all windows but the last, those of the
last window that were there, and those that came in from the other end. Nine rectangles of windows
are copied from where they lie to where they belong; nothing is rolled.
"""

from collections.abc import Iterator

from torch import Tensor

# (windows, pixels inside them) on the windows' side, and the pixels on the map's side.
Run = tuple[slice, slice, slice]


def _runs(side: int, window: int, shift: int) -> list[Run]:
    """The runs of one axis; empty ones are left out."""
    windows = side // window
    if not shift:
        return [(slice(0, windows), slice(0, window), slice(0, side))]
    last = slice(windows - 1, windows)
    runs = [
        (last, slice(0, window - shift), slice(side - window + shift, side)),
        (last, slice(window - shift, window), slice(0, shift)),
    ]
    if windows > 1:
        before = slice(shift, side - window + shift)
        runs.insert(0, (slice(0, windows - 1), slice(0, window), before))
    return runs


def _pairs(x: Tensor, windows: Tensor, window: int, shift: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Views of a map and of its windows that hold the same pixels in the same order."""
    height, width = x.shape[1:3]
    grid = (height // window, width // window)
    apart = windows.view(windows.shape[0], *grid, window, window, windows.shape[3])
    for rows, ys, y in _runs(height, window, shift):
        for columns, xs, x_ in _runs(width, window, shift):
            inside = apart[:, rows, columns, ys, xs]
            down, across, tall, wide = inside.shape[1:5]
            on_map = x[:, y, x_].view(x.shape[0], down, tall, across, wide, x.shape[3])
            yield on_map, inside.transpose(2, 3)


def partition(x: Tensor, window: int, shift: int) -> Tensor:
    """(batch, H, W, C) -> (batch, rows * columns, window * window, C), contiguous."""
    batch, height, width, channels = x.shape
    count = (height // window) * (width // window)
    out = x.new_empty(batch, count, window * window, channels)
    for on_map, inside in _pairs(x, out, window, shift):
        inside.copy_(on_map)
    return out


def merge(windows: Tensor, window: int, height: int, width: int, shift: int) -> Tensor:
    """(batch, rows * columns, window * window, C) -> (batch, H, W, C), contiguous."""
    out = windows.new_empty(windows.shape[0], height, width, windows.shape[3])
    for on_map, inside in _pairs(out, windows, window, shift):
        on_map.copy_(inside)
    return out
