"""SHA-256 of files, block by block."""

import hashlib
from collections.abc import Callable
from pathlib import Path

BLOCK = 1 << 20


def sha256_of(*paths: Path, progress: Callable[[int], None] = lambda done: None) -> str:
    """The hexadecimal SHA-256 of the bytes of one file, or of several one after the other.

    Args:
        paths: the files.
        progress: notified with the bytes done.

    Raises:
        OSError: one cannot be read.
    """
    total, done = hashlib.sha256(), 0
    for path in paths:
        with path.open("rb") as file:
            while block := file.read(BLOCK):
                total.update(block)
                done += len(block)
                progress(done)
    return total.hexdigest()
