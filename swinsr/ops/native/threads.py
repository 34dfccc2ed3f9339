"""Runs a kernel on as many threads as PyTorch is set to.

A kernel takes shares of its work from a counter until none is left, so it needs no partner: the
calling thread starts at once, and helpers that wake up late on a busy machine find less or nothing
to do. With one thread nothing is started. The kernels are called through ctypes, which releases
the interpreter's lock.
"""

import functools
import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import torch


@functools.cache
def _pool(process: int) -> ThreadPoolExecutor:
    """The helpers of one process; a forked child gets its own."""
    return ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="swinsr")


def threads_for(shares: int) -> int:
    """How many threads to give a kernel whose work has so many shares."""
    return max(min(torch.get_num_threads(), shares, os.cpu_count() or 1), 1)


def run(function: Callable[..., int], call: object, threads: int) -> None:
    """Call `function(call, thread)` for each thread, the last of them here."""
    helpers: list[Future[int]] = []
    if threads > 1:
        pool = _pool(os.getpid())
        helpers = [pool.submit(function, call, i) for i in range(threads - 1)]
    function(call, threads - 1)
    for helper in helpers:
        if not helper.cancel():
            helper.result()
