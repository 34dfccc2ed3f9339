"""`swinsr man`: the manual page in roff, from what the help shows.

docs/man/swinsr.1 is its output.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import typer

from swinsr.cli.views.page import CommandPage, page_of
from swinsr.version import __version__


def man(context: typer.Context) -> None:
    """Print the manual page."""
    top: Any = context.parent
    pages = [page_of(top.command, top)]
    for name in top.command.list_commands(top):
        pages += _pages(top.command.get_command(top, name), name, top)
    typer.echo(manual(pages), nl=False)


def _pages(command: Any, name: str, parent: Any) -> list[CommandPage]:
    """Of a command, and of those within it."""
    context = type(parent)(command, info_name=name, parent=parent)
    pages = [page_of(command, context)]
    if hasattr(command, "list_commands"):
        for inner in command.list_commands(context):
            pages += _pages(command.get_command(context, inner), inner, context)
    return pages


def manual(pages: Sequence[CommandPage]) -> str:
    """One page for the whole command; the first is of the command itself.

    Args:
        pages: of the command and of each sub-command.
    """
    return "\n".join(_lines(pages)) + "\n"


def _lines(pages: Sequence[CommandPage]) -> Iterator[str]:
    first, *rest = pages
    yield f'.TH SWINSR 1 "" "swinsr {__version__}" "User Commands"'
    yield ".SH NAME"
    summary = first.summary.rstrip(".")
    yield f"swinsr \\- {_text(summary[0].lower() + summary[1:])}"
    yield ".SH SYNOPSIS"
    yield from _synopsis(first)
    yield ".br"
    yield "\\fBswinsr\\fR [OPTIONS OF UPSCALE] \\fIFILE\\fR ..."
    yield from _body(first, ".SH", upper=True)
    yield ".SH COMMANDS IN FULL"
    for page in rest:
        yield f".SS {_text(page.name)}"
        yield from _synopsis(page)
        yield ".PP"
        yield _text(page.summary)
        yield from _body(page, ".PP", upper=False)
    yield ".SH EXIT STATUS"
    yield "0 where all was done, 1 where something failed, 2 where the command line is wrong;"
    yield "128 and the signal's number where the program was stopped."


def _synopsis(page: CommandPage) -> Iterator[str]:
    yield f"\\fB{_text(page.name)}\\fR {_text(page.usage)}"


def _body(page: CommandPage, heading: str, *, upper: bool) -> Iterator[str]:
    def headed(text: str) -> Iterator[str]:
        yield f"{heading} {text.upper()}" if upper else f".PP\n\\fB{_text(text)}\\fR"

    if page.examples:
        yield from headed("Examples")
        for example in page.examples:
            yield f".TP\n\\fB{_text(example.line)}\\fR\n{_text(example.what)}"
    if page.paragraphs:
        yield from headed("Description")
        for paragraph in page.paragraphs:
            yield f".PP\n{_text(paragraph)}"
    for title, rows in page.parts:
        yield from headed(title)
        for left, right in rows:
            yield f".TP\n\\fB{_text(left)}\\fR\n{_text(right)}"


def _text(text: str) -> str:
    """A text that roff takes for nothing else."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga")
    return re.sub(r"^([.'])", r"\\&\1", text)
