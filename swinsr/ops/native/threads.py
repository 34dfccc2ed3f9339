"""Runs a kernel on as many threads as PyTorch is set to.

A kernel takes shares of its work from a counter until none is left, so that it needs no certain
number of threads. Where PyTorch computes with OpenMP, the kernels run in its team: those threads
are awake from the operator before, and while they wait for the next one they spin, so that threads
of our own would find the processors taken. Without OpenMP, and in a forked child, whose OpenMP lost
its threads, a pool of our own helps. The kernels are called through ctypes, which releases the
interpreter's lock.
"""

import ctypes
import functools
import os
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import torch

from swinsr.ops.native.calls import Team
from swinsr.ops.native.library import kernels

_PARENT = os.getpid()


@functools.cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The helpers of one process; a forked child gets its own."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="swinsr")


@functools.cache
def _openmp() -> Callable[..., int] | None:
    """The function that runs another on a team, (function, argument, threads, flags), or None."""
    available: bool = torch.backends.openmp.is_available()  # type: ignore[no-untyped-call]
    if sys.platform == "win32" or not available:
        return None
    # GNU's name for it, which LLVM's and Intel's OpenMP have too.
    return getattr(ctypes.CDLL(None), "GOMP_parallel", None)


def threads_for(shares: int) -> int:
    """How many threads to give a kernel whose work has so many shares."""
    return max(min(torch.get_num_threads(), shares, os.cpu_count() or 1), 1)


def run(function: Any, call: Any, threads: int, keep: Sequence[object]) -> None:
    """Call `function(call, thread)` for each thread, one of them here.

    Args:
        function: a kernel.
        call: `ctypes.byref` of its arguments.
        threads: how many.
        keep: whatever the arguments point into. The pool's helpers hold on to it: a signal can end
            this function early by an exception while they still read and write there.
    """
    if threads > 1 and (openmp := _openmp()) and os.getpid() == _PARENT:
        kernel, arguments = (ctypes.cast(p, ctypes.c_void_p) for p in (function, call))
        team = Team(kernel=kernel, call=arguments, next=0, threads=threads)
        openmp(kernels().join, ctypes.byref(team), threads, 0)
        return
    helpers: list[Future[int]] = []
    if threads > 1:
        pool = _pool(os.getpid())
        helpers = [pool.submit(_share, function, call, i, keep) for i in range(threads - 1)]
    function(call, threads - 1)
    for helper in helpers:
        if not helper.cancel():
            helper.result()


def _share(function: Callable[..., int], call: object, thread: int, keep: Sequence[object]) -> int:
    return function(call, thread)
