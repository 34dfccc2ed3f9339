"""What a run tells on the terminal."""

import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


class Reporter:
    """Lines and, on a terminal, a bar with the time left."""

    def __init__(self, steps: int, *, every: int, quiet: bool = False) -> None:
        """Of a run of `steps`; without a terminal, a line every `every` steps."""
        self.console = Console(stderr=True, soft_wrap=True, highlight=False, quiet=quiet)
        self.steps = steps
        # A terminal's bar is cheap to redraw.
        self.interval = 1 if self.console.is_terminal else every
        self._bar = Progress(
            TextColumn("step"),
            MofNCompleteColumn(),
            BarColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self.console,
            disable=quiet or not self.console.is_terminal,
        )
        self._task = self._bar.add_task("", total=steps, note="")
        self._rate: float | None = None
        self._last: tuple[int, float] | None = None

    def __enter__(self) -> "Reporter":
        """Show the bar."""
        self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Take the bar away."""
        self._bar.stop()

    def line(self, text: str) -> None:
        """One line of its own."""
        self.console.print(text, markup=False)

    def step(
        self, done: int, loss: float, pixels_per_second: float, seconds_left: float | None = None
    ) -> None:
        """After some steps: the bar, or a line; `seconds_left` where the clock ends the run."""
        now = time.monotonic()
        if self._last is not None and done > self._last[0]:
            self._rate = (now - self._last[1]) / (done - self._last[0])
        self._last = (done, now)
        note = f"loss {loss:.5f}  {pixels_per_second:,.0f} pixels/s"
        self._bar.update(self._task, completed=done, note=note)
        if not self.console.is_terminal and self._rate is not None:
            left = self._rate * (self.steps - done)
            left = left if seconds_left is None else min(left, seconds_left)
            self.line(f"step {done}/{self.steps}  {note}  {clock(left)} left")


def clock(seconds: float) -> str:
    """h:mm:ss."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}"
