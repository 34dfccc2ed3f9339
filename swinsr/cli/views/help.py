"""Commands whose help begins with examples, in plain text of 80 columns."""

import re
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from swinsr.cli.views.page import CommandPage, page_of

_LEFT = 30  # columns of what is typed, beside what it does
# What `--ray` may be followed by; a file or folder that stands there instead is an input.
_ADDRESS = re.compile(r"auto|local|ray://.+|[\w.\-\[\]:]+:\d+")


class Command(TyperCommand):
    """A command with that help."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        write_page(page_of(self, ctx), formatter)

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """As ever, but that `--ray` may stand without an address."""
        if any("--ray" in param.opts for param in self.params):
            args = with_address(args)
        return super().parse_args(ctx, args)


class CommandGroup(TyperGroup):
    """Several commands, in the same way."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the page."""
        write_page(page_of(self, ctx), formatter)

    def summaries(self, ctx: Any) -> list[tuple[str, str]]:
        """Each command that is shown, with its first sentence."""
        found = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        return [
            (name, " ".join((command.help or "").split("\n\n")[0].split()))
            for name, command in found
            if command is not None and not command.hidden
        ]


def _write_examples(page: CommandPage, formatter: Any) -> None:
    """What comes of each beside it, or below it where one would not fit."""
    left = max(len(example.line) for example in page.examples) + 2
    room = formatter.width - formatter.current_indent
    if all(left + len(example.what) <= room for example in page.examples):
        formatter.write_dl(page.examples, col_max=left)
        return
    indent = " " * formatter.current_indent
    for line, what in page.examples:
        formatter.write(f"{indent}{line}\n{indent}    {what}\n")


def write_page(page: CommandPage, formatter: Any) -> None:
    """Write a page as text."""
    formatter.write_usage(page.name, page.usage)
    formatter.write_paragraph()
    formatter.write_text(page.summary)
    if page.examples:
        with formatter.section(typer.style("Examples", bold=True)):
            _write_examples(page, formatter)
    for paragraph in page.paragraphs:
        formatter.write_paragraph()
        formatter.write_text(paragraph)
    for heading, rows in page.parts:
        with formatter.section(typer.style(heading, bold=True)):
            formatter.write_dl(rows, col_max=_LEFT)


def with_address(args: list[str]) -> list[str]:
    """The arguments with `local` behind a `--ray` that no address follows."""
    out: list[str] = []
    end = args.index("--") if "--" in args else len(args)
    for index, arg in enumerate(args):
        out.append(arg)
        if arg == "--ray" and index < end:
            following = args[index + 1] if index + 1 < end else ""
            if _ADDRESS.fullmatch(following) is None:
                out.append("local")
    return out
