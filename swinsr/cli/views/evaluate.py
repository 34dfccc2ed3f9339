"""What `swinsr evaluate` shows while it measures: a table that fills, and the time left."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal

import typer
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from swinsr.evaluation import HEADINGS, Failure, Listener, Measured, Result, row_of
from swinsr.evaluation.layout import Item

# Of `HEADINGS`, what fits 80 columns, and shorter words for some; the files have the rest.
_SHOWN = tuple(i for i, name in enumerate(HEADINGS) if name not in ("Parameters", "MACs/pixel"))
_SHORT = {"Published": "Paper", "Difference": "Diff", "Pictures": "Pics", "s/picture": "s/pic"}


class LineView(Listener):
    """Where there is no terminal: failures and notes, nothing that moves."""

    def __init__(self, *, quiet: bool) -> None:
        """`quiet` leaves the notes out."""
        self._quiet = quiet
        self._said: set[str] = set()

    def finish(self, result: Result, outcome: Measured | Failure, work: float) -> None:
        """Name a failure on standard error, once for all models."""
        if isinstance(outcome, Failure) and outcome.message not in self._said:
            self._said.add(outcome.message)
            self.say(f"swinsr: {outcome.message}")

    def say(self, text: str) -> None:
        """One line on standard error."""
        typer.echo(text, err=True)

    def note(self, text: str) -> None:
        """One line on standard error."""
        if not self._quiet:
            self.say(f"note: {text}")


class LiveView(LineView):
    """A table of results so far above a bar."""

    def __init__(self, console: Console) -> None:
        """`console` is of standard error."""
        super().__init__(quiet=False)
        self._console = console
        self._results: list[Result] = []
        self.bar = Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            TaskProgressColumn(),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self.bar.add_task("", total=None)
        self._total = self._done = 0.0
        self.live = Live(get_renderable=self._render, console=console, transient=True)

    def begin(self, total: float) -> None:
        """Set the size of the work."""
        self._total = total
        self.bar.update(self._task, total=max(total, 1.0))

    def start(self, result: Result, item: Item, work: float) -> Callable[[float], None]:
        """Show which picture is at work."""
        if all(result is not shown for shown in self._results):
            self._results.append(result)
        job = result.job
        text = f"{job.contestant.name}, {job.dataset.name} {job.condition.label}: {item.name}"
        self.bar.update(self._task, description=text)
        done = self._done
        return lambda share: self.bar.update(self._task, completed=done + share * work)

    def finish(self, result: Result, outcome: Measured | Failure, work: float) -> None:
        """Move the bar. What took no time counts for nothing, so that the time left stays true."""
        if isinstance(outcome, Failure) or outcome.cached:
            self._total -= work
            self.bar.update(self._task, total=max(self._total, 1.0))
        else:
            self._done += work
        self.bar.update(self._task, completed=self._done)
        super().finish(result, outcome, work)

    def say(self, text: str) -> None:
        """One line above the table."""
        self._console.print(Text(text), soft_wrap=True)

    def _render(self) -> Group:
        return Group(make_table(self._results), self.bar)


def make_table(results: list[Result]) -> Table:
    """The means so far as a table for a terminal; of printed scores the first, which is PSNR."""
    rows = [row_of(result) for result in results]
    used = [i for i in _SHOWN if any(row[i] for row in rows) or HEADINGS[i] == "Pictures"]
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for i in used:
        side: Literal["left", "right"] = "left" if i < 4 else "right"
        heading = Text(_SHORT.get(HEADINGS[i], HEADINGS[i]))
        table.add_column(heading, justify=side, overflow="fold", no_wrap=i >= 2)
    for row in rows:
        table.add_row(*(Text(row[i].split(" / ")[0] if i >= 4 else row[i]) for i in used))
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
