"""`swinsr info`: what a weights file holds."""

import typer


def info(
    model: str = typer.Argument(..., metavar="NAME|FILE", help="A model's name, file or folder."),
) -> None:
    """Show a checkpoint's family, configuration and what had to be inferred."""
    from swinsr.checkpoints import describe, load
    from swinsr.cli.views.console import report_note
    from swinsr.zoo import find_weights

    path = find_weights(model)
    shown = describe(load(path))
    typer.echo(f"file        {path}")
    typer.echo(f"family      {shown.family}")
    typer.echo(f"task        {shown.task}")
    typer.echo(f"scale       x{shown.scale}")
    typer.echo(f"parameters  {shown.parameters:,}")
    _section("configuration", shown.config)
    _section("inferred, the file does not tell", shown.inferred)
    _section("metadata", shown.metadata)
    for note in shown.notes:
        report_note(note)


def _section(title: str, entries: dict[str, object] | dict[str, str]) -> None:
    """A heading and a line an entry; nothing where there is none."""
    if entries:
        typer.echo(title)
    for key, value in entries.items():
        typer.echo(f"  {key:24} {value}")
