"""One process at a time on one output, with a lock that ends with the process that holds it."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl


@contextmanager
def exclusive(path: Path) -> Iterator[bool]:
    """Hold the lock file, made where it is missing and left where it is.

    The holder may remove the file, and its folder, while it holds it.

    Args:
        path: the lock file; its folder exists.

    Yields:
        False where another process holds it.

    Raises:
        OSError: it cannot be made there, or the file system has no locks.
    """
    while True:
        number = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            if not _take(number):
                yield False
                return
            # Its last holder may have removed the file after it was opened here.
            if not _is_still(path, number):
                continue
            yield True
            return
        finally:
            os.close(number)  # which gives the lock back


def _take(number: int) -> bool:
    try:
        if sys.platform == "win32":
            msvcrt.locking(number, msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def _is_still(path: Path, number: int) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(path.stat(), os.fstat(number))
    return False
