"""Temporary folders that are removed even where the program that made one was killed."""

import os
import re
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

from swinsr.storage.temporary import hold

# Between the making of a folder and its lock.
_YOUNG_SECONDS = 60.0


class TemporaryFolder:
    """A folder in the system's place for such, readable by this user alone.

    Its program holds a lock on it, which the system lets go of however the program ends; the next
    one that makes a folder of the same prefix removes those that nobody holds.

    Attributes:
        path: where it is, without links.
    """

    def __init__(self, prefix: str) -> None:
        """Make it, and remove what others left.

        Raises:
            OSError: the place for temporary files takes none.
        """
        place = Path(tempfile.gettempdir())
        _remove_left(place, prefix)
        self.path = Path(tempfile.mkdtemp(prefix=prefix, dir=place)).resolve()
        self._handle = _open(self.path)
        if self._handle is not None:
            hold(self._handle)

    def remove(self) -> None:
        """Delete it and all in it; more than once does no harm."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None


def _remove_left(place: Path, prefix: str) -> None:
    name = re.compile(re.escape(prefix) + "[a-z0-9_]{8}")  # as `mkdtemp` makes them
    with os.scandir(place) as entries:
        found = [Path(entry.path) for entry in entries if name.fullmatch(entry.name)]
    for path in found:
        with suppress(OSError):
            status = path.lstat()
            mine = os.name != "posix" or status.st_uid == os.getuid()
            if not mine or time.time() - status.st_mtime < _YOUNG_SECONDS:
                continue
            handle = _open(path)
            if handle is None:
                continue
            try:
                if hold(handle):
                    shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(handle)


def _open(path: Path) -> int | None:
    """A handle to a folder, not followed; None where the system has none to folders."""
    if os.name != "posix":
        return None
    return os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
