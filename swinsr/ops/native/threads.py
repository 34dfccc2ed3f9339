"""Runs a kernel on as many threads as PyTorch is set to.

A kernel takes shares of its work from a counter until none is left, so it needs no partner: the
calling thread starts at once, and helpers that wake up late on a busy machine find less or nothing
to do. With one thread nothing is started. The kernels are called through ctypes, which releases
the interpreter's lock.
"""

import functools
import os
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import torch


@functools.cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The helpers of one process; a forked child gets its own."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="swinsr")


def threads_for(shares: int) -> int:
    """How many threads to give a kernel whose work has so many shares."""
    return max(min(torch.get_num_threads(), shares, os.cpu_count() or 1), 1)


def run(function: Callable[..., int], call: object, threads: int, keep: Sequence[object]) -> None:
    """Call `function(call, thread)` for each thread, the last of them here.

    Args:
        function: a kernel.
        call: pointer to its arguments.
        threads: how many.
        keep: whatever the arguments point into. The helpers hold on to it: a signal can end this
            function early by an exception while they still read and write there.
    """
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
