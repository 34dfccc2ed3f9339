"""`swinsr man`: the manual page; docs/man/swinsr.1 is its output."""

from typing import Any

import typer


def man(context: typer.Context) -> None:
    """Print the manual page."""
    from swinsr.cli.views.manual import manual
    from swinsr.cli.views.page import page_of

    top: Any = context.parent
    pages = [page_of(top.command, top)]
    for name in top.command.list_commands(top):
        pages += _pages(top.command.get_command(top, name), name, top)
    typer.echo(manual(pages), nl=False)


def _pages(command: Any, name: str, parent: Any) -> list[Any]:
    """Of a command, and of those within it."""
    from swinsr.cli.views.page import page_of

    context = type(parent)(command, info_name=name, parent=parent)
    pages = [page_of(command, context)]
    if hasattr(command, "list_commands"):
        for inner in command.list_commands(context):
            pages += _pages(command.get_command(context, inner), inner, context)
    return pages
