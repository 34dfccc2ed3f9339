"""A bar for long work: on a terminal, and in a notebook."""

from collections.abc import Iterator
from contextlib import contextmanager

from swinsr.runtime.progress import Progress, silent


@contextmanager
def watched(progress: Progress | bool, text: str) -> Iterator[Progress]:
    """What is to be notified: a callable that was given, a bar for True, nothing for False."""
    if not isinstance(progress, bool):
        yield progress
        return
    if not progress:
        yield silent
        return
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Bar(*columns) as bar:
        task = bar.add_task(text, total=1.0)
        yield lambda share: bar.update(task, completed=share)
