"""The two operations: arguments checked, the backend chosen."""

import torch
from torch import Tensor

from swinsr.errors import ShapeMismatchError
from swinsr.ops.backend import process_backend
from swinsr.ops.window import window_merge, window_partition
from swinsr.ops.window_process.operators import merge_unshift_fused, shift_partition_fused


def shift_partition(x: Tensor, window: int, shift: int = 0, *, backend: str = "auto") -> Tensor:
    """Roll a map up and left by `shift` and cut it into windows.

    Args:
        x: (batch, height, width, channels) of any type and memory layout.
        window: side of a window in pixels; height and width are multiples of it.
        shift: pixels of cyclic shift, 0 <= shift < window.
        backend: one of `BACKENDS`; "auto" takes the quickest that is there.

    Returns:
        (batch, rows * columns, window * window, channels), contiguous unless `backend` is
        "reference".

    Raises:
        ShapeMismatchError: not four dimensions, a side that is no multiple of the window, or a
            shift that is not below it.
        ConfigError: an unknown backend.
        DeviceError: a backend asked for by name that cannot run here.
    """
    if x.ndim != 4:
        raise ShapeMismatchError(
            f"a map is (batch, height, width, channels), not of shape {tuple(x.shape)}"
        )
    _check(window, (x.shape[1], x.shape[2]), shift)
    name = _chosen(backend, x, shift)
    if name == "reference":
        return window_partition(x, window, shift)
    out: Tensor = shift_partition_fused(x, window, shift, name)
    return out


def merge_unshift(
    windows: Tensor, window: int, size: tuple[int, int], shift: int = 0, *, backend: str = "auto"
) -> Tensor:
    """Put windows back into a map and undo the shift: the inverse of `shift_partition`.

    Args:
        windows: (batch, rows * columns, window * window, channels).
        window: side of a window in pixels.
        size: (height, width) of the map.
        shift: what `shift_partition` was given.
        backend: one of `BACKENDS`.

    Returns:
        (batch, height, width, channels), contiguous unless `backend` is "reference".

    Raises:
        ShapeMismatchError: the windows are not those of a map of this size, or as for
            `shift_partition`.
        ConfigError: an unknown backend.
        DeviceError: a backend asked for by name that cannot run here.
    """
    _check(window, size, shift)
    height, width = size
    expected = (height // window * (width // window), window * window)
    if windows.ndim != 4 or (windows.shape[1], windows.shape[2]) != expected:
        raise ShapeMismatchError(
            f"a {height}x{width} map has windows (batch, {expected[0]}, {expected[1]}, channels), "
            f"not {tuple(windows.shape)}"
        )
    name = _chosen(backend, windows, shift)
    if name == "reference":
        return window_merge(windows, window, size, shift)
    out: Tensor = merge_unshift_fused(windows, window, height, width, shift, name)
    return out


def _check(window: int, size: tuple[int, int], shift: int) -> None:
    height, width = size
    if window < 1 or height % window or width % window:
        raise ShapeMismatchError(
            f"a {height}x{width} map cannot be cut into {window}x{window} windows; pad it first"
        )
    if not 0 <= shift < window:
        raise ShapeMismatchError(
            f"a shift is at least 0 and below the window {window}, not {shift}"
        )


def _chosen(backend: str, x: Tensor, shift: int) -> str:
    # A trace that another program reads must not hold operators that it does not know.
    traced = torch.jit.is_tracing()  # type: ignore[attr-defined, no-untyped-call]
    if backend == "auto" and (traced or torch.compiler.is_exporting()):
        return "reference"
    return process_backend(backend, x.device, shift)
