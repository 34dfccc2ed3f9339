"""Bars on standard error, where that is a terminal; rich is loaded only there."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import typer

from swinsr.cli.views.console import one_line
from swinsr.files.expect import Expected
from swinsr.files.watch import Progress, TileProgress

if TYPE_CHECKING:
    from rich.console import Console

# Shares of the work from which on its speed says something.
_LEAST_SHARE = 0.005


class Pace:
    """How far one file is, how fast, and how long it will take.

    What an earlier run did counts as done, and not for the speed of this one.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start now."""
        self._clock = clock
        self.share = self._from_share = 0.0
        self._from_time = clock()
        self.total = self.done = self._earlier = 0  # tiles, of the pass at work
        self._tiles_from = self._from_time

    def advance(self, share: float) -> None:
        """A share of the work is done; tiles of an earlier run only move the start."""
        self.share = max(self.share, share)
        if self.done <= self._earlier and self.total:
            self._from_share, self._from_time = self.share, self._clock()
            self._tiles_from = self._from_time

    def tiles(self, total: int, earlier: int) -> None:
        """A pass over tiles begins."""
        self.total, self.done, self._earlier = total, 0, earlier
        self._tiles_from = self._clock()

    def tile(self) -> None:
        """One of them is finished."""
        self.done += 1

    @property
    def seconds_left(self) -> float | None:
        """For the rest at the speed so far; None where that says nothing yet."""
        moved = self.share - self._from_share
        if moved < _LEAST_SHARE:
            return None
        return (self._clock() - self._from_time) * (1.0 - self.share) / moved

    @property
    def tile_rate(self) -> float | None:
        """Tiles a second; None before the first of this run."""
        computed, spent = self.done - self._earlier, self._clock() - self._tiles_from
        return computed / spent if computed > 0 and spent > 0 else None

    def words(self) -> str:
        """Tiles and time left: `12/40 tiles, 1.5 s a tile, 0:00:42 left`."""
        parts = []
        if self.total:
            parts.append(f"{min(self.done, self.total)}/{self.total} tiles")
            rate = self.tile_rate
            if rate is not None:
                parts.append(f"{rate:.1f} tiles/s" if rate >= 1 else f"{1 / rate:.1f} s a tile")
        left = self.seconds_left
        if left is not None:
            parts.append(f"{clock(left)} left")
        return ", ".join(parts)


class _Bar(TileProgress):
    """Moves a bar of rich by a `Pace`."""

    def __init__(self, bar: Any, task: Any, pace: Pace) -> None:
        self._bar, self._task, self._pace = bar, task, pace

    def __call__(self, share: float) -> None:
        """Move it."""
        self._pace.advance(share)
        self._bar.update(self._task, completed=100 * self._pace.share)

    def tiles(self, total: int, earlier: int) -> None:
        """Count them."""
        self._pace.tiles(total, earlier)

    def tile(self) -> None:
        """Count one."""
        self._pace.tile()


class FileProgress:
    """A bar for the picture at work, within a run of several, with the time left for it."""

    def __init__(self, files: int, *, quiet: bool) -> None:
        """For `files` pictures: on standard error where it is a terminal that can show a bar."""
        self._console = None if quiet else _terminal()
        self._files, self._quiet = files, quiet
        self._bars: Any = None

    def announce(self, name: str, expected: Expected) -> None:
        """Print what a picture becomes and when, above its bar."""
        line = f"{one_line(name)}: {expected.sentence}"
        if self._console is not None and self._bars is not None:
            self._bars.console.print(line, markup=False, highlight=False, soft_wrap=True)
        elif not self._quiet:
            typer.echo(line, err=True)

    @contextmanager
    def file(self, number: int, name: str) -> Iterator[Progress]:
        """Show one file, counted from 1; yields what is notified with the share done.

        Print nothing in the block: it would land within the bar. Nothing of it stays behind.
        """
        if self._console is None:
            yield lambda share: None
            return
        from rich.progress import BarColumn, ProgressColumn, TaskProgressColumn, TextColumn
        from rich.progress import Progress as Bars
        from rich.table import Column
        from rich.text import Text

        pace = Pace()

        class Words(ProgressColumn):
            """The time runs down between two shares, too."""

            def render(self, task: object) -> Text:
                return Text(pace.words(), no_wrap=True)

        name = one_line(name)
        columns = (
            TextColumn(
                "{task.description}",
                markup=False,
                table_column=Column(no_wrap=True, overflow="ellipsis", ratio=1),
            ),
            BarColumn(bar_width=16),
            TaskProgressColumn(),
            Words(),
        )
        with Bars(*columns, console=self._console, transient=True, expand=True) as bar:
            self._bars = bar
            text = name if self._files == 1 else f"{number}/{self._files} {name}"
            yield _Bar(bar, bar.add_task(text, total=100), pace)


@contextmanager
def counted(total: int, things: str, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar for many things at once: how many are done, how many a second, and the time left.

    Lines that are printed in the block stand above it. Yields what is notified with how many are
    done.
    """
    console = None if quiet else _terminal()
    if console is None:
        yield lambda done: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(f"{things}, {{task.fields[rate]}} a second", markup=False),
        TimeRemainingColumn(),
    )
    # A pipe or file keeps getting its lines.
    to_terminal = sys.stdout is not None and sys.stdout.isatty()
    with Bars(*columns, console=console, transient=True, redirect_stdout=to_terminal) as bar:
        task = bar.add_task("", total=total, rate="-")

        def step(done: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, rate="-" if speed is None else f"{speed:.1f}")

        yield step


@contextmanager
def byte_progress(label: str, *, quiet: bool) -> Iterator[Callable[[int, int | None], None]]:
    """A bar for a download; yields what is notified with bytes done and in all."""
    console = None if quiet else _terminal()
    if console is None:
        yield lambda done, total: None
        return
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Bars(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)


def clock(seconds: float) -> str:
    """A time as clocks have it: `0:00:42`."""
    hours, rest = divmod(round(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}"


def _terminal() -> "Console | None":
    """Standard error where it is a terminal that can show a bar."""
    if sys.stderr is None or not sys.stderr.isatty():
        return None
    from rich.console import Console

    console = Console(stderr=True)
    return None if console.is_dumb_terminal else console
