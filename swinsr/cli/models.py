"""`swinsr models`: what ships and what is known."""

from collections.abc import Callable

import typer

from swinsr.zoo import ModelEntry, bundled_models, published_models


def models() -> None:
    """List the models that ship with SwinSR and the published ones known by name."""
    typer.echo("Ready to use, they ship with swinsr:")
    _table(list(bundled_models()), lambda m: m.summary + (" Default." if m.default else ""))
    typer.echo(f"  {'bicubic':30} {'baseline':16} any  Interpolation, for comparison; no weights.")
    typer.echo("\nPublished by the authors; download one and give its file as --model:")
    _table(list(published_models()), lambda m: m.url or "")


def _table(entries: list[ModelEntry], last: Callable[[ModelEntry], str]) -> None:
    for entry in entries:
        typer.echo(f"  {entry.name:30} {entry.task:16} x{entry.scale}   {last(entry)}")
