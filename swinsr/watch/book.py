"""What was done of a watched folder, kept beside its outputs: nothing is done twice."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swinsr.errors import ImageWriteError
from swinsr.storage.atomic import flush_folder
from swinsr.storage.lock import exclusive
from swinsr.tiling.ledger import Ledger
from swinsr.watch.arrivals import Stamp, stamp_of

_FOLDER = ".swinsr-watch"
# A ledger with more than this many records, most of them of files that are gone, is written anew.
_LONG = 1000


@dataclass(frozen=True)
class BookEntry:
    """What is known of one input.

    Attributes:
        stamp: of the input.
        output: the file that its result goes to.
        before: the output's stamp when the work began; None where it was not there.
        status: "begun", "done" or "failed".
        error: the sentence, where it failed.
    """

    stamp: Stamp
    output: Path
    before: Stamp | None
    status: str
    error: str | None = None

    @property
    def finished(self) -> bool:
        """Whether it is done, though its end may not have been recorded."""
        if self.status == "begun":
            # Outputs appear whole, so one that is there and another than before is the result.
            now = stamp_of(self.output)
            return now is not None and now != self.before
        return True


class Book:
    """Entries by input, in a ledger."""

    def __init__(self, path: Path, output: Path) -> None:
        """Read what is there."""
        self._path, self._output = path, output
        self._ledger = Ledger(path / "ledger")
        self._entries: dict[str, BookEntry] = {}
        self._owners: dict[Path, str] = {}
        for record in self._ledger.records:
            self._take(record)
        alive = {name for name in self._entries if stamp_of(Path(name)) is not None}
        if len(self._ledger.records) > _LONG and 4 * len(alive) < len(self._ledger.records):
            self._rewrite(alive)

    def _take(self, record: dict[str, Any]) -> None:
        before = record["before"]
        entry = BookEntry(
            _stamp(record["stamp"]),
            self._output / record["output"],
            None if before is None else _stamp(before),
            record["kind"],
            record.get("error"),
        )
        self._keep(record["source"], entry)

    def _keep(self, source: str, entry: BookEntry) -> None:
        before = self._entries.get(source)
        if before is not None and self._owners.get(before.output) == source:
            del self._owners[before.output]
        self._entries[source], self._owners[entry.output] = entry, source

    def _rewrite(self, alive: set[str]) -> None:
        """Keep only what is known of files that are there."""
        records = {r["source"]: r for r in self._ledger.records if r["source"] in alive}
        fresh = self._path / "ledger.new"
        fresh.unlink(missing_ok=True)
        ledger = Ledger(fresh)
        for record in records.values():
            ledger.add(**record)
        ledger.close()
        self._ledger.close()
        fresh.replace(self._path / "ledger")
        flush_folder(self._path)
        self._ledger = Ledger(self._path / "ledger")
        kept = {name: self._entries[name] for name in records}
        self._entries, self._owners = {}, {}
        for name, entry in kept.items():
            self._keep(name, entry)

    def find(self, source: Path) -> BookEntry | None:
        """What is known of an input."""
        return self._entries.get(str(source))

    def owner(self, output: Path) -> str | None:
        """The input whose result an output is."""
        return self._owners.get(output)

    def note(self, source: Path, entry: BookEntry) -> None:
        """Record something of an input; it is on the disk when this returns."""
        self._keep(str(source), entry)
        self._ledger.add(
            kind=entry.status,
            source=str(source),
            stamp=list(entry.stamp),
            output=os.path.relpath(entry.output, self._output),
            before=None if entry.before is None else list(entry.before),
            error=entry.error,
        )

    def close(self) -> None:
        """Let go of the file."""
        self._ledger.close()


def _stamp(found: list[int]) -> Stamp:
    size, changed, number = found
    return size, changed, number


@contextmanager
def open_book(output: Path) -> Iterator[Book]:
    """The book of an output folder, this process alone at it.

    Raises:
        ImageWriteError: another process watches into this folder.
        OSError: the folder does not take it.
    """
    path = output / _FOLDER
    path.mkdir(parents=True, exist_ok=True)
    with exclusive(path / "lock") as mine:
        if not mine:
            raise ImageWriteError(
                f"{output}: another swinsr process watches into this folder; end that one, or "
                "choose another with -o"
            )
        book = Book(path, output)
        try:
            yield book
        finally:
            book.close()
