"""What stopped runs left: work folders of large pictures, and temporary files."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from swinsr.storage.lock import exclusive
from swinsr.storage.temporary import drop_leftover, leftovers
from swinsr.tiling.ledger import read_ledger
from swinsr.tiling.workspace import clear

_SUFFIX = ".swinsr"


@dataclass(frozen=True)
class Unfinished:
    """Something that a stopped run left.

    Attributes:
        path: a work folder, or a temporary file.
        output: what it was going to be; None for a temporary file, from which nothing goes on.
        bytes: that it takes.
        modified: when it was last written to, in seconds since the epoch.
        in_use: whether a process is at work on it now.
    """

    path: Path
    output: Path | None
    bytes: int
    modified: float
    in_use: bool

    def drop(self) -> bool:
        """Remove it, unless a process is at work on it; whether it is gone."""
        if self.output is None:
            return drop_leftover(self.path)
        with suppress(OSError), exclusive(self.path / "lock") as mine:
            if mine:
                clear(self.path, all_of_it=True)
        return not self.path.exists()


def find_unfinished(folder: Path, *, recursive: bool = False) -> Iterator[Unfinished]:
    """What was left in a folder, by name; `recursive`: in the folders within, too.

    Raises:
        OSError: the folder cannot be read.
    """
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
    for name in names:
        path = folder / name
        if is_work_folder(path):
            yield of_folder(path)
    for path in leftovers(folder):
        with suppress(FileNotFoundError):
            found = path.stat()
            yield Unfinished(path, None, found.st_size, found.st_mtime, False)
    if recursive:
        for name in names:
            if not name.startswith("."):
                with suppress(PermissionError):
                    yield from find_unfinished(folder / name, recursive=True)


def is_work_folder(path: Path) -> bool:
    """Whether a folder is one of ours, by its name and what is in it."""
    if not (path.name.startswith(".") and path.name.endswith(_SUFFIX)):
        return False
    return (path / "ledger").is_file() or (path / "lock").is_file()


def of_folder(path: Path) -> Unfinished:
    """What there is to say of a work folder."""
    job = next(iter(read_ledger(path / "ledger")), {})
    name = job.get("output") or path.name.removeprefix(".").removesuffix(_SUFFIX)
    states = [file.stat() for file in path.iterdir() if file.is_file()]
    size = sum(min(state.st_size, getattr(state, "st_blocks", 1 << 62) * 512) for state in states)
    modified = max((state.st_mtime for state in states), default=0.0)
    return Unfinished(path, path.with_name(str(name)), size, modified, _in_use(path / "lock"))


def size_in_words(count: int) -> str:
    """A number of bytes as people say it: `3 kB`, `1.2 GB`."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if count >= 10**power:
            number = count / 10**power
            return f"{number:.1f} {unit}" if number < 10 else f"{number:.0f} {unit}"
    return f"{count} bytes"


def _in_use(lock: Path) -> bool:
    if not lock.exists():
        return False
    try:
        with exclusive(lock) as mine:
            return not mine
    except OSError:
        return True  # what cannot be told is left alone
