"""Memory that a step frees is kept for the next one.

Each step needs the same memory again. The GNU C library gives large pieces back to the system at
once, and every one asked for later comes page by page through faults, a twentieth of a step in all.
"""

import ctypes
import functools
import platform

# From malloc.h.
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
# Pieces above go to the system and back as before; some versions take no more than the second.
_LARGEST = (1 << 30, 1 << 25)
_ALL = (1 << 31) - 1  # mallopt takes an int


@functools.cache
def keep_freed_memory() -> bool:
    """Tell this process's allocator to keep what is freed; whether it could be told.

    Another allocator put in its place (jemalloc, tcmalloc) does so by itself and takes no notice.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    told = any(mallopt(_MMAP_THRESHOLD, largest) for largest in _LARGEST)
    return bool(told and mallopt(_TRIM_THRESHOLD, _ALL))
