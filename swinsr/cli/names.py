"""Files and folders as they were typed: what a path alone no longer tells."""

import os
from dataclasses import dataclass
from pathlib import Path

import typer

_SEPARATORS = tuple(mark for mark in (os.sep, os.altsep) if mark)


@dataclass(frozen=True)
class Name:
    """One argument.

    Attributes:
        path: where it leads.
        stream: it was `-`, standard input or output.
        folder: it ended in a separator, so it means a folder, there or not.
    """

    path: Path
    stream: bool = False
    folder: bool = False


def named(text: str) -> Name:
    """Take an argument; an empty one, from an unset variable of a shell, would mean this folder.

    Raises:
        typer.BadParameter: it is empty.
    """
    if not text:
        raise typer.BadParameter("the name is empty")
    return Name(Path(text), stream=text == "-", folder=text.endswith(_SEPARATORS))
