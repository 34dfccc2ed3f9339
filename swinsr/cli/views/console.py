"""What the command says and where: results on standard output, the rest on standard error."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    MofNCompleteColumn,
    Progress,
    TaskProgressColumn,
    TextColumn,
    TimeRemainingColumn,
)

from swinsr.errors import SwinsrError
from swinsr.files.record import Record, sentence

# File names may hold control characters: a line break would make two lines of one, an escape
# sequence would reach the terminal.
_VISIBLE = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))} | {10: "\\n"}


def one_line(text: object) -> str:
    """A text with its control characters written out."""
    return str(text).translate(_VISIBLE)


def report_line(text: str) -> None:
    """One line on standard output.

    Raises:
        SwinsrError: it cannot be written to. A closed pipe stays the `BrokenPipeError` it is.
    """
    try:
        typer.echo(one_line(text))
    except BrokenPipeError:
        raise
    except OSError as error:
        # What is still buffered would fail once more, and loudly, when the program ends.
        sys.stdout = None
        raise SwinsrError(
            f"standard output cannot be written to ({error.strerror}); free some space there or "
            "use --quiet"
        ) from error


def report_error(error: object) -> None:
    """One line on standard error."""
    typer.echo(f"swinsr: {one_line(sentence(error))}", err=True)


def report_note(text: str) -> None:
    """One line on standard error that is no failure."""
    typer.echo(f"note: {one_line(text)}", err=True)


def show(record: Record, *, as_json: bool, quiet: bool, to_error: bool) -> None:
    """Print what is to be said of a picture.

    Args:
        record: of it.
        as_json: one line of JSON on standard output, quiet or not.
        quiet: otherwise, failures only.
        to_error: the summary goes to standard error, since the picture is on standard output.
    """
    if record.error is not None:
        report_error(record.error)
    if as_json:
        report_line(record.to_json())
    elif record.error is None and not quiet:
        for note in record.notes:
            report_note(f"{record.input}: {sentence(note)}")
        (report_note if to_error else report_line)(record.summary)


class FileProgress:
    """A bar for the picture at work, within a run of several, with the time left for it."""

    def __init__(self, files: int, *, quiet: bool) -> None:
        """For `files` pictures: on standard error where it is a terminal that can show a bar."""
        console = Console(stderr=True)
        self._console = console if console.is_terminal and not console.is_dumb_terminal else None
        if quiet:
            self._console = None
        self._files = files

    @contextmanager
    def file(self, number: int, name: str) -> Iterator[Callable[[float], None]]:
        """Show one file, counted from 1; yields what is told the share that is done.

        Print nothing in the block: it would land within the bar. Nothing of it stays behind.
        """
        if self._console is None:
            yield lambda share: None
            return
        name = one_line(name)
        columns = (
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
        )
        with Progress(*columns, console=self._console, transient=True) as bar:
            task = bar.add_task(name if self._files == 1 else f"{number}/{self._files} {name}")
            yield lambda share: bar.update(task, completed=100 * share)


@contextmanager
def counted(total: int, things: str, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A bar for many things at once: how many are done, how many a second, and the time left.

    Lines that are printed in the block stand above it. Yields what is told how many are done.
    """
    console = Console(stderr=True)
    if quiet or not console.is_terminal or console.is_dumb_terminal:
        yield lambda done: None
        return
    columns = (
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(f"{things}, {{task.fields[rate]}} a second", markup=False),
        TimeRemainingColumn(),
    )
    # A pipe or file keeps getting its lines.
    with Progress(
        *columns, console=console, transient=True, redirect_stdout=sys.stdout.isatty()
    ) as bar:
        task = bar.add_task("", total=total, rate="-")

        def step(done: int) -> None:
            speed = bar.tasks[0].speed
            bar.update(task, completed=done, rate="-" if speed is None else f"{speed:.1f}")

        yield step


@contextmanager
def byte_progress(label: str, *, quiet: bool) -> Iterator[Callable[[int, int | None], None]]:
    """A bar for a download, as `file_progress`; yields what is told bytes done and in all."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield lambda done, total: None
        return
    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(label, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
