"""Temporary files: made so that one whose program died can be told from one in use, and removed.

A program holds a lock on its temporary file as long as it lives; the system lets go of it, however
the program ends. A temporary file that nobody holds is therefore left over. Where the system has no
such locks, nothing is ever removed.
"""

import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, cast

try:
    import fcntl
except ImportError:  # Windows
    _LOCKS = False
else:
    _LOCKS = True

_NAME = re.compile(r"\.swinsr-[0-9a-f]{16}\.tmp")
_cleaned: set[tuple[int, int]] = set()  # folders, by device and number


@contextmanager
def temporary_beside(target: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new empty file in the target's folder, removed at the end if it is still there.

    Before the first one in a folder, what programs that died left there is removed.

    Raises:
        OSError: the folder or the disk does not take it.
    """
    remove_leftovers(target.parent)
    path, stream = _create(target)
    try:
        with stream:
            yield path, stream
    finally:
        with suppress(OSError):
            path.unlink(missing_ok=True)


def remove_leftovers(folder: Path) -> None:
    """Remove temporary files that no living program holds; once a folder and process.

    What cannot be listed or removed stays: it is not what the user asked for.
    """
    if not _LOCKS:
        return
    with suppress(OSError):
        status = folder.stat()
        if (status.st_dev, status.st_ino) in _cleaned:
            return
        _cleaned.add((status.st_dev, status.st_ino))
        for path in _named(folder):
            drop_leftover(path)


def leftovers(folder: Path) -> list[Path]:
    """Temporary files in a folder that no living program holds, by name.

    Raises:
        OSError: the folder cannot be read.
    """
    return [path for path in _named(folder) if _unheld(path, remove=False)] if _LOCKS else []


def drop_leftover(path: Path) -> bool:
    """Remove a temporary file that no living program holds; whether it is gone."""
    return _unheld(path, remove=True)


def _named(folder: Path) -> list[Path]:
    with os.scandir(folder) as entries:
        return sorted(Path(entry.path) for entry in entries if _NAME.fullmatch(entry.name))


def _unheld(path: Path, *, remove: bool) -> bool:
    with suppress(OSError):
        # Without following a link or waiting for a pipe.
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(number, "rb") as stream:
            if hold(stream.fileno()):
                if remove:
                    path.unlink()
                return True
    return False


def _create(target: Path) -> tuple[Path, BinaryIO]:
    while True:
        path = target.with_name(f".swinsr-{secrets.token_hex(8)}.tmp")
        # "x" opens without any special mode: the umask decides, as for any new file.
        stream = cast(BinaryIO, path.open("x+b"))
        try:
            hold(stream.fileno())
            # Between the two lines above another program may have taken it for left over.
            if not _LOCKS or os.fstat(stream.fileno()).st_nlink:
                return path, stream
            stream.close()
        except BaseException:
            stream.close()
            path.unlink(missing_ok=True)
            raise


def hold(handle: int) -> bool:
    """Whether an open file or folder's lock is now this process's, until the handle is closed.

    False where another has it, or the file system has none.
    """
    if not _LOCKS:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
