"""Files on their way into a folder: which are there, and which of them are whole."""

import os
import stat
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TypeAlias

from swinsr.image.formats.table import FORMATS

# Size, time of the last change in nanoseconds, and number: they differ where the content may.
Stamp: TypeAlias = tuple[int, int, int]
# An empty file is what a program makes before it writes: it is given this many times as long.
_EMPTY = 30


class Arrivals:
    """The files of a folder that are not done yet."""

    def __init__(
        self,
        folder: Path,
        *,
        recursive: bool,
        settle: float,
        without: Iterable[Path],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Nothing is known yet.

        Args:
            folder: that is watched.
            recursive: the folders within it too.
            settle: seconds that a file has to be still.
            without: folders whose files are none of the inputs.
            clock: of seconds.
        """
        self._folder, self._recursive, self._settle = folder, recursive, settle
        self._without = {os.path.realpath(path) for path in without}
        self._clock = clock
        self._seen: dict[Path, tuple[Stamp, float]] = {}

    def scan(self) -> None:
        """Look at all that is there."""
        for place, folders, files in os.walk(self._folder):
            here = Path(place)
            folders[:] = sorted(
                name for name in folders if self._recursive and self._is_input(here / name)
            )
            for name in sorted(files):
                self.look(here / name)

    def look(self, path: Path) -> None:
        """Look at one file, of which something was heard."""
        if path.suffix.lower() not in FORMATS or path.name.startswith((".", "~")):
            return
        below = path.parent != self._folder
        if (below and not self._recursive) or not self._is_input(path.parent):
            return
        stamp = stamp_of(path)
        if stamp is None:
            self._seen.pop(path, None)
        elif path not in self._seen or self._seen[path][0] != stamp:
            self._seen[path] = (stamp, self._since(stamp))

    def _since(self, stamp: Stamp) -> float:
        """From when on the file is still: before now where it was last written some time ago.

        A file that was moved here whole was.
        """
        age = time.time() - stamp[1] / 1e9
        return self._clock() - min(max(age, 0.0), 10 * self._settle)

    def _is_input(self, folder: Path) -> bool:
        if folder == self._folder:
            return True
        if folder.name.startswith(".") or os.path.realpath(folder) in self._without:
            return False
        return self._folder not in folder.parents or self._is_input(folder.parent)

    @property
    def waiting(self) -> bool:
        """Whether there are files that are not whole yet, or whole and not taken."""
        return bool(self._seen)

    def whole(self) -> list[tuple[Path, Stamp]]:
        """The files that are whole now, the oldest first; they are no longer waited for."""
        found = []
        for path, (stamp, since) in list(self._seen.items()):
            now = stamp_of(path)
            if now is None:
                del self._seen[path]
            elif now != stamp:
                self._seen[path] = (now, self._clock())
            elif self._clock() - since >= self._settle * (1 if stamp[0] else _EMPTY):
                del self._seen[path]
                found.append((path, stamp))
        return sorted(found, key=lambda one: (one[1][1], one[0]))

    def again(self, path: Path, stamp: Stamp, seconds: float) -> None:
        """Take a file again after some time."""
        self._seen[path] = (stamp, self._clock() + seconds - self._settle)


def stamp_of(path: Path) -> Stamp | None:
    """What tells a file's content from another; None where there is no ordinary file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
