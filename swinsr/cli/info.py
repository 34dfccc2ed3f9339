"""`swinsr info`: what a weights file holds."""

from pathlib import Path

import typer


def info(
    model: str = typer.Argument(..., metavar="NAME|FILE", help="A model's name, file or folder."),
) -> None:
    """Show a checkpoint's family, configuration and what had to be inferred."""
    from swinsr.checkpoints import load
    from swinsr.zoo import find_weights

    path: Path = find_weights(model)
    loaded = load(path)
    config = loaded.config
    count = sum(parameter.numel() for parameter in loaded.network.parameters())
    typer.echo(f"file        {path}")
    typer.echo(f"family      {config.family}")
    typer.echo(f"task        {loaded.metadata.get('task', 'not stated')}")
    typer.echo(f"scale       x{config.scale}")
    typer.echo(f"parameters  {count:,}")
    typer.echo("configuration")
    for key, value in config.to_dict().items():
        typer.echo(f"  {key:24} {value}")
    if loaded.inferred:
        typer.echo("inferred, the file does not tell")
        for key, reason in loaded.inferred.items():
            typer.echo(f"  {key:24} {reason}")
    rest = {k: v for k, v in loaded.metadata.items() if k not in ("config", "family", "scale")}
    if rest:
        typer.echo("metadata")
        for key, value in sorted(rest.items()):
            typer.echo(f"  {key:24} {value}")
