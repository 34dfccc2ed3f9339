"""Tables that fit the terminal; in a pipe or a file, a plain line for each row."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Any

from swinsr.cli.views.console import one_line, report_line

_KEY = 18  # columns of a name, beside what it stands for


def on_terminal() -> bool:
    """Whether a person reads standard output."""
    return sys.stdout is not None and sys.stdout.isatty()


def print_table(headings: Sequence[str], rows: Iterable[Sequence[str]], plain: str) -> None:
    """Print rows, the last column folded to the width of the terminal.

    Args:
        headings: of the columns; shown on a terminal alone.
        rows: a text for each.
        plain: the format of a line where there is no terminal.
    """
    if not on_terminal():
        for row in rows:
            report_line(plain.format(*row).rstrip())
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0))
    for heading in headings:
        last = heading == headings[-1]
        table.add_column(heading, no_wrap=not last, overflow="fold", ratio=1 if last else None)
    for row in rows:
        table.add_row(*(Text(one_line(text)) for text in row))
    Console().print(table)


def print_entries(title: str, entries: Iterable[tuple[str, object]], width: int = _KEY) -> None:
    """Print names and what they stand for below a heading; nothing where there is none.

    On a terminal, long texts are folded, and of a text that is JSON each member has its own line.
    """
    entries = list(entries)
    indent = "  " if title else ""
    if entries and title:
        report_line(title)
    if not on_terminal():
        for name, value in entries:
            report_line(f"{indent}{name:{width}} {value}")
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table.grid(padding=(0, 1, 0, 0))
    table.add_column(min_width=width + len(indent), no_wrap=True)
    table.add_column(overflow="fold", ratio=1)
    for name, value in entries:
        for part, text in _unfolded(name, str(value)):
            table.add_row(Text(indent + one_line(part), style="bold"), Text(one_line(text)))
    Console().print(table)


def _unfolded(name: str, text: str) -> list[tuple[str, str]]:
    """An entry, or those of the object that its text is in JSON."""
    value: Any = text
    if text.startswith("{"):
        try:
            value = json.loads(text)
        except ValueError:
            value = text
    if not isinstance(value, dict) or not value:
        return [(name, text)]
    shown = {k: v if isinstance(v, str) else json.dumps(v) for k, v in value.items()}
    return [(name, ""), *((f"  {key}", part) for key, part in shown.items())]
