"""What `swinsr evaluate` shows while it measures: a table that fills, and the time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from swinsr.cli.console import report_error, report_note
from swinsr.evaluation import HEADINGS, Failure, Listener, Measured, Result, row_of
from swinsr.evaluation.layout import Item

# Of `HEADINGS`, what fits a terminal; the files have the rest.
_SHOWN = tuple(i for i, name in enumerate(HEADINGS) if name not in ("Parameters", "MACs/pixel"))


class LineView(Listener):
    """Where there is no terminal: failures and notes, nothing that moves."""

    def __init__(self, *, quiet: bool) -> None:
        """`quiet` leaves the notes out."""
        self._quiet = quiet

    def finish(self, result: Result, outcome: Measured | Failure, work: float) -> None:
        """Name a failure on standard error."""
        if isinstance(outcome, Failure):
            report_error(outcome.message)

    def note(self, text: str) -> None:
        """One line on standard error."""
        if not self._quiet:
            report_note(text)


class LiveView(LineView):
    """A table of results so far above a bar."""

    def __init__(self, console: Console) -> None:
        """`console` is of standard error."""
        super().__init__(quiet=False)
        self._console = console
        self._results: list[Result] = []
        self._bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self._bar.add_task("", total=None)
        self._total = self._done = 0.0
        self.live = Live(get_renderable=self._render, console=console, transient=True)

    def begin(self, total: float) -> None:
        """Set the size of the work."""
        self._total = total
        self._bar.update(self._task, total=max(total, 1.0))

    def start(self, result: Result, item: Item, work: float) -> Callable[[float], None]:
        """Show which picture is at work."""
        if result not in self._results:
            self._results.append(result)
        job = result.job
        text = f"{job.contestant.name}, {job.dataset.name} {job.condition.label}: {item.name}"
        self._bar.update(self._task, description=text)
        done = self._done
        return lambda share: self._bar.update(self._task, completed=done + share * work)

    def finish(self, result: Result, outcome: Measured | Failure, work: float) -> None:
        """Move the bar. What took no time counts for nothing, so that the time left stays true."""
        if isinstance(outcome, Failure) or outcome.cached:
            self._total -= work
            self._bar.update(self._task, total=max(self._total, 1.0))
        else:
            self._done += work
        self._bar.update(self._task, completed=self._done)
        if isinstance(outcome, Failure):
            self._console.print(Text(f"swinsr: {outcome.message}"), soft_wrap=True)

    def note(self, text: str) -> None:
        """One line above the table."""
        self._console.print(Text(f"note: {text}"), soft_wrap=True)

    def _render(self) -> Group:
        return Group(make_table(self._results), self._bar)


def make_table(results: list[Result]) -> Table:
    """The means so far as a table for a terminal."""
    rows = [row_of(result) for result in results]
    used = [i for i in _SHOWN if any(row[i] for row in rows) or HEADINGS[i] == "Pictures"]
    table = Table(box=None, header_style="bold", pad_edge=False)
    for i in used:
        table.add_column(Text(HEADINGS[i]), justify="left" if i < 4 else "right")
    for row in rows:
        table.add_row(*(Text(row[i]) for i in used))
    return table


@contextmanager
def evaluation_view(*, quiet: bool) -> Iterator[Listener]:
    """A live table on standard error where that is a terminal, else lines."""
    console = Console(stderr=True)
    if quiet or not console.is_terminal:
        yield LineView(quiet=quiet)
        return
    view = LiveView(console)
    with view.live:
        yield view


def print_results(results: list[Result], markdown: str) -> None:
    """The final table on standard output: drawn on a terminal, Markdown into a pipe or file."""
    console = Console()
    if console.is_terminal:
        console.print(make_table(results))
    else:
        typer.echo(markdown, nl=False)
