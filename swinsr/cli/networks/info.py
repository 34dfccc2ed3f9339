"""`swinsr info`: what a weights file holds."""

import typer

from swinsr.cli.views.complete import model_names
from swinsr.cli.views.table import print_entries


def info(
    model: str = typer.Argument(
        ...,
        metavar="NAME|FILE",
        help="A model's name, file or folder.",
        autocompletion=model_names,
    ),
) -> None:
    """Show what a weights file holds.

    Its family and configuration, what had to be inferred, and what else the file tells.
    """
    from swinsr.cli.views.console import report_note
    from swinsr.zoo import find_weights

    path = find_weights(model)
    from swinsr.checkpoints import describe, load

    shown = describe(load(path))
    facts = {
        "file": path,
        "family": shown.family,
        "task": shown.task,
        "scale": f"x{shown.scale}",
        "parameters": f"{shown.parameters:,}",
    }
    print_entries("", facts.items(), 11)
    print_entries("configuration", shown.config.items(), 24)
    print_entries("inferred, the file does not tell", shown.inferred.items(), 24)
    print_entries("metadata", shown.metadata.items(), 24)
    for note in shown.notes:
        report_note(note)
