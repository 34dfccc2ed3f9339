"""Memory handed back to the system, so that a server stays as small as its work is."""

import ctypes
import functools
import sys
from collections.abc import Callable


@functools.cache
def _trim() -> Callable[[int], int] | None:
    """glibc's `malloc_trim`; other C libraries give pages back by themselves."""
    if not sys.platform.startswith("linux"):
        return None
    trim: Callable[[int], int] | None = getattr(ctypes.CDLL(None), "malloc_trim", None)
    return trim


def give_back() -> None:
    """Return free pages of the heap: glibc keeps those of pictures that were large, in each thread.

    It takes milliseconds; call it after a job.
    """
    trim = _trim()
    if trim is not None:
        trim(0)
