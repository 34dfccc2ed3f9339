"""How progress is handed down: what shows it gives it, and nothing low imports anything high."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TypeAlias

# Notified with the share of a file's work that is done, 0 to 1.
Progress: TypeAlias = Callable[[float], None]
# Around the work on one file: its number, from 1, and its name.
Watch: TypeAlias = Callable[[int, str], AbstractContextManager[Progress]]


class TileProgress(ABC):
    """A `Progress` that wants to know of tiles, too."""

    @abstractmethod
    def __call__(self, share: float) -> None:
        """The share of the work done."""

    @abstractmethod
    def tiles(self, total: int, earlier: int) -> None:
        """A pass over so many tiles begins, some of which an earlier run finished."""

    @abstractmethod
    def tile(self) -> None:
        """One tile is finished; those of an earlier run come first."""


@contextmanager
def unwatched(number: int, name: str) -> Iterator[Progress]:
    """Show nothing."""
    yield lambda share: None


def watching(progress: Progress, files: int) -> Watch:
    """A watch that tells one callable the share of a whole run of so many files."""

    @contextmanager
    def watch(number: int, name: str) -> Iterator[Progress]:
        yield lambda share: progress((number - 1 + share) / files)
        progress(number / files)

    return watch
