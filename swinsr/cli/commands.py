"""Every sub-command. One file each; torch is imported only where one needs it."""

import typer

from swinsr.cli.classify import classify
from swinsr.cli.demo import demo
from swinsr.cli.doctor import doctor
from swinsr.cli.evaluate import evaluate
from swinsr.cli.export import export
from swinsr.cli.info import info
from swinsr.cli.models import models
from swinsr.cli.restore import restore
from swinsr.cli.serve import serve
from swinsr.cli.train import train
from swinsr.cli.upscale import upscale
from swinsr.cli.video import video
from swinsr.cli.views.help import Command, Group
from swinsr.cli.watch import watch
from swinsr.version import __version__

app = typer.Typer(
    cls=Group,
    name="swinsr",
    help="Upscale and restore pictures with SwinIR and Swin2SR.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(upscale)
app.command()(restore)
app.command()(video)
app.command()(watch)
app.command()(evaluate)
app.command()(train)
app.add_typer(models, name="models", cls=Group)
app.command()(info)
app.command()(doctor)
app.command()(classify)
app.command()(export)
app.command()(demo)
app.command()(serve)
for _registered in (*app.registered_commands, *models.registered_commands):
    _registered.cls = Command


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"swinsr {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Upscale and restore pictures with SwinIR and Swin2SR."""
