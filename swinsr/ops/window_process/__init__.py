"""Cyclic shift and partition into windows in one pass over memory, and the way back.

    windows = shift_partition(x, window, shift)            (batch, H, W, C) -> windows
    x = merge_unshift(windows, window, (H, W), shift)      the inverse

What the published code calls the fused window process, for any height and width that are multiples
of the window (the published CUDA kernel takes squares alone), any type and any memory layout. Both
are permutations: each is the other's gradient, and every backend gives the same bits.
"""

from swinsr.ops.backend import PROCESS_BACKENDS as BACKENDS
from swinsr.ops.window_process.process import merge_unshift, shift_partition

__all__ = ["BACKENDS", "merge_unshift", "shift_partition"]
