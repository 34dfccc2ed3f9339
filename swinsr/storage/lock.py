"""One process at a time on one output, with a lock that ends with the process that holds it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def exclusive(path: Path) -> Iterator[bool]:
    """Hold the lock file, made where it is missing.

    The holder may remove the file, and its folder, while it holds it.

    Args:
        path: the lock file; its folder exists.

    Yields:
        False where another process, or another thread of this one, holds it.

    Raises:
        OSError: it cannot be made there, or the file system has no locks.
    """
    while True:
        lock = FileLock(path, timeout=0, thread_local=False)
        try:
            lock.acquire()
        except Timeout:
            yield False
            return
        # Its last holder may have removed the file after it was opened here.
        if not os.path.lexists(path):
            lock.release()
            continue
        try:
            yield True
        finally:
            lock.release()
        return
