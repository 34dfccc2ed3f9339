"""The loop: what arrives is waited for, done, recorded, and moved where it was asked to go."""

import dataclasses
import errno
import filecmp
import itertools
import os
import shutil
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from pathlib import Path

from swinsr.errors import (
    ConfigError,
    ImageReadError,
    ImageWriteError,
    NotEnoughMemoryError,
    SwinsrError,
)
from swinsr.files.convert import convert, failed
from swinsr.files.engines import Engines
from swinsr.files.plan import Job, Naming
from swinsr.files.record import Record, sentence
from swinsr.files.settings import Settings
from swinsr.files.sources import is_folder
from swinsr.files.watch import Progress, Watch, unwatched
from swinsr.image.formats.table import ALL
from swinsr.storage.atomic import write_problem, write_whole
from swinsr.watch.arrivals import Arrivals, Stamp, stamp_of
from swinsr.watch.book import Book, BookEntry, open_book
from swinsr.watch.changes import listen
from swinsr.watch.settings import WatchSettings

_AS_ASKED = WatchSettings()
# Events can be lost; and after a failure that is not the picture's, it is tried again.
_SCAN_SECONDS, _AGAIN_SECONDS = 60.0, 30.0


def watch_folder(
    source: Path,
    output: Path,
    settings: Settings,
    asked: WatchSettings = _AS_ASKED,
    *,
    watch: Watch = unwatched,
    stop: threading.Event | None = None,
) -> Generator[Record, None, None]:
    """Do pictures as they arrive, until `stop` is set or the generator is closed.

    Args:
        source: the folder that is watched.
        output: the folder of the results, made where it is missing; the tree is kept in it.
        settings: what is done to each.
        asked: how it is watched.
        watch: shows each file's progress.
        stop: ends it.

    Yields:
        A record for each picture that was done, or that could not be.

    Raises:
        SwinsrError: folders, settings or model are unusable.
    """
    if not is_folder(source):
        raise ImageReadError(f"{source}: there is no such folder; create it first")
    if os.path.realpath(source) == os.path.realpath(output):
        raise ConfigError(f"{output}: the results need another folder than what is watched")
    engines = Engines(settings)
    own = engines.check()
    suffix = ALL[settings.format].suffixes[0] if settings.format is not None else None
    try:
        with open_book(output) as book:
            run = _Run(source, output, settings, asked, engines, Naming(settings.mark(own), suffix))
            yield from run.loop(book, watch, stop or threading.Event())
    except OSError as error:
        raise ImageWriteError(write_problem(output, error)) from error


class _Run:
    def __init__(
        self,
        source: Path,
        output: Path,
        settings: Settings,
        asked: WatchSettings,
        engines: Engines,
        naming: Naming,
    ) -> None:
        self._source, self._output, self._settings, self._asked = source, output, settings, asked
        self._engines, self._naming = engines, naming
        self._aside = asked.set_aside or source / "failed"
        others = [output, self._aside, *([asked.move_to] if asked.move_to else [])]
        self._arrivals = Arrivals(
            source, recursive=asked.recursive, settle=asked.settle, without=others
        )

    def loop(
        self, book: Book, watch: Watch, stop: threading.Event
    ) -> Generator[Record, None, None]:
        changes = listen(self._source, stop, recursive=self._asked.recursive, poll=self._asked.poll)
        with closing(changes):
            yield from self._each(book, watch, stop, changes)

    def _each(
        self, book: Book, watch: Watch, stop: threading.Event, changes: Iterator[set[str]]
    ) -> Generator[Record, None, None]:
        scanned = float("-inf")
        number = 0
        for heard in changes:
            # What came before the watching began is found by looking, once it has begun.
            if time.monotonic() - scanned >= _SCAN_SECONDS:
                self._arrivals.scan()
                scanned = time.monotonic()
            for name in heard:
                self._arrivals.look(self._path(name))
            for path, stamp in self._arrivals.whole():
                if stop.is_set():
                    return
                number += 1
                with watch(number, str(path)) as report:
                    record = self._one(book, path, stamp, report)
                if record is not None:
                    yield record
            if self._asked.once and not self._arrivals.waiting:
                return

    def _path(self, name: str) -> Path:
        """As the walk names it: events tell where links lead."""
        real = Path(os.path.realpath(self._source))
        path = Path(name)
        return self._source / path.relative_to(real) if path.is_relative_to(real) else path

    def _one(self, book: Book, path: Path, stamp: Stamp, report: Progress) -> Record | None:
        """One file that is whole: done now, or known to be done; None where nothing is to tell."""
        entry = book.find(path)
        if entry is not None and entry.stamp == stamp and entry.finished:
            if entry.status == "begun":
                entry = dataclasses.replace(entry, status="done")
                book.note(path, entry)
            self._tidy(path, entry)
            return None
        job = self._job(book, path, stamp)
        settings = self._settings
        if entry is not None and entry.output == job.output:
            # The input changed, or the work on it was cut short: what is there is its result.
            settings = dataclasses.replace(settings, overwrite=True, skip_existing=False)
        entry = BookEntry(stamp, job.output, stamp_of(job.output), "begun")
        book.note(path, entry)
        start = time.perf_counter()
        try:
            record = convert(self._engines, job, settings, report)
        except (ImageWriteError, NotEnoughMemoryError) as error:
            # Not the picture's fault: space or memory may be there later.
            if self._asked.once:
                return failed(job, error)
            self._arrivals.again(path, stamp, _AGAIN_SECONDS)
            return failed(job, type(error)(f"{sentence(error)}; it is tried again"))
        except SwinsrError as error:
            record = failed(job, error)
            if stamp_of(path) != stamp:  # it was still being written
                self._arrivals.look(path)
                return None
        entry = dataclasses.replace(
            entry, status="failed" if record.error else "done", error=record.error
        )
        book.note(path, entry)
        self._tidy(path, entry)
        return dataclasses.replace(record, seconds=time.perf_counter() - start)

    def _job(self, book: Book, path: Path, stamp: Stamp) -> Job:
        """Where a picture's result goes: to its earlier one, or to a name that is free."""
        folder = self._output / path.parent.relative_to(self._source)
        entry = book.find(path)
        # Where inputs are moved away, another one of the same name is another picture.
        same = entry is not None and (self._asked.move_to is None or entry.stamp == stamp)
        for name in self._naming.names(path):
            output = folder / name
            owner = book.owner(output)
            if owner == str(path) and same:
                break
            if owner is None and (self._settings.overwrite or not os.path.lexists(output)):
                break
        return Job(path, output, below_output=True)

    def _tidy(self, path: Path, entry: BookEntry) -> None:
        """Move what is done or bad to where it goes."""
        below = path.relative_to(self._source)
        if entry.status == "failed":
            target = _free(self._aside / below, path)
            write_whole(target.with_name(f"{target.name}.txt"), f"{entry.error}\n".encode())
            _move(path, target)
        elif self._asked.move_to is not None:
            _move(path, _free(self._asked.move_to / below, path))


def _free(target: Path, path: Path) -> Path:
    """The name in a folder that is made where it is missing, or the next one that is free.

    To another disk a file is moved in two steps: what a killed run copied there is taken for it.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    apart = _is_apart(path, target)
    free = target
    for number in itertools.count(2):
        if not os.path.lexists(free) or (apart and _is_copy(path, free)):
            break
        free = target.with_name(f"{target.stem}_{number}{target.suffix}")
    return free


def _is_apart(path: Path, target: Path) -> bool:
    """Whether a file would change its disk."""
    with suppress(FileNotFoundError):
        return path.stat().st_dev != target.parent.stat().st_dev
    return False


def _is_copy(path: Path, other: Path) -> bool:
    with suppress(FileNotFoundError):
        return other.is_file() and filecmp.cmp(path, other, shallow=False)
    return False


def _move(path: Path, target: Path) -> None:
    with suppress(FileNotFoundError):  # somebody else took it away
        if not _is_apart(path, target):
            try:
                path.rename(target)
                return
            except OSError as error:
                if error.errno != errno.EXDEV:  # one disk, mounted at two places
                    raise
        write_whole(target, path.read_bytes())
        shutil.copystat(path, target)
        path.unlink()
