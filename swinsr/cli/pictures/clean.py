"""`swinsr clean`: what stopped runs left, listed and dropped."""

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from swinsr.cli.views.console import report_error, report_line, report_note
from swinsr.errors import SwinsrError

if TYPE_CHECKING:
    from swinsr.files.kept.unfinished import Unfinished


def clean(
    folder: Path = typer.Argument(
        Path(), metavar="[FOLDER]", help="Where to look. Default: this folder.", show_default=False
    ),
    recursive: bool = typer.Option(False, "-r", "--recursive", help="In the folders within, too."),
    yes: bool = typer.Option(False, "-y", "--yes", help="Delete without asking."),
) -> None:
    """List and drop what stopped runs left unfinished.

    A large picture that was stopped leaves its finished tiles in a hidden folder beside the output,
    from which the same command goes on. What a process is at work on is left alone.
    """
    from swinsr.files.kept.unfinished import find_unfinished, size_in_words

    try:
        found = list(find_unfinished(folder, recursive=recursive))
    except OSError as error:
        raise SwinsrError(f"{folder}: the folder cannot be read ({error.strerror})") from error
    if not found:
        report_line(f"nothing unfinished is in {folder.absolute()}")
        return
    for one in found:
        report_line(_told(one))
    idle = [one for one in found if not one.in_use]
    if not idle:
        return
    size = size_in_words(sum(one.bytes for one in idle))
    if not yes:
        if not sys.stdin.isatty():
            report_note(f"{size} of it can be dropped; add --yes to do so")
            return
        if not typer.confirm(f"Drop {size} of it?", err=True):
            return
    kept = [one for one in idle if not one.drop()]
    for one in kept:
        report_error(f"{one.path}: it could not be removed; check its permissions")
    report_line(f"dropped {size_in_words(sum(one.bytes for one in idle if one not in kept))}")
    if kept:
        sys.exit(1)


def _told(one: "Unfinished") -> str:
    from swinsr.files.kept.unfinished import size_in_words

    size = size_in_words(one.bytes)
    if one.output is None:
        return f"{one.path}  {size}, a temporary file of a run that was killed"
    if one.in_use:
        return f"{one.output}  {size}, at work now"
    return f"{one.output}  {size} of unfinished work, {_ago(time.time() - one.modified)}"


def _ago(seconds: float) -> str:
    for name, length in (("day", 86400), ("hour", 3600), ("minute", 60)):
        count = int(seconds // length)
        if count:
            return f"{count} {name}{'s' if count > 1 else ''} old"
    return "just stopped"
