"""What the command says and where: results on standard output, the rest on standard error."""

import sys

import typer

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
    _write_line(one_line(text))


def _write_line(text: str, *, utf8: bool = False) -> None:
    try:
        typer.echo(text.encode() + b"\n" if utf8 else text, nl=not utf8)
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
        _write_line(record.to_json(), utf8=True)  # for programs, whatever the terminal speaks
    elif record.error is None and not quiet:
        for note in record.notes:
            report_note(f"{record.input}: {sentence(note)}")
        (report_note if to_error else report_line)(record.summary)
