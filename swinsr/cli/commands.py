"""Every sub-command, by name; a command's own file is imported when the command is called."""

import difflib
import importlib
from typing import Any, NamedTuple

import typer

from swinsr.cli.views.examples import FIRST
from swinsr.cli.views.help import Command, CommandGroup
from swinsr.version import __version__

_OF_ALL: dict[str, Any] = {"help_option_names": ["-h", "--help"]}


class Listed(NamedTuple):
    """Where a command lies, and the first sentence of its help."""

    module: str
    summary: str
    hidden: bool = False


COMMANDS = {
    "upscale": Listed("swinsr.cli.pictures.upscale", "Upscale pictures."),
    "restore": Listed("swinsr.cli.pictures.restore", "Restore pictures at their own size."),
    "raster": Listed(
        "swinsr.cli.pictures.raster",
        "Enlarge a georeferenced raster, whatever its size.",
    ),
    "video": Listed(
        "swinsr.cli.pictures.video",
        "Upscale a video; sound, subtitles, chapters, timing and colours stay as they are.",
    ),
    "watch": Listed(
        "swinsr.cli.pictures.watch",
        "Upscale pictures as they arrive in a folder, until it is stopped with Ctrl-C.",
    ),
    "serve": Listed(
        "swinsr.cli.serve",
        "Serve upscaling over HTTP until it is stopped with Ctrl-C; /docs tells how to ask.",
    ),
    "demo": Listed("swinsr.cli.demo", "Serve a web page that upscales and restores pictures."),
    "models": Listed("swinsr.cli.networks.models", "List, download and check models."),
    "info": Listed("swinsr.cli.networks.info", "Show what a weights file holds."),
    "evaluate": Listed("swinsr.cli.networks.evaluate", "Measure models on datasets as papers do."),
    "train": Listed("swinsr.cli.networks.train", "Train a network by a recipe."),
    "export": Listed("swinsr.cli.networks.export", "Write a model as a file for other programs."),
    "classify": Listed(
        "swinsr.cli.networks.classify", "Print the most probable labels of pictures."
    ),
    "clean": Listed(
        "swinsr.cli.pictures.clean", "List and drop what stopped runs left unfinished."
    ),
    "doctor": Listed("swinsr.cli.doctor", "Show what the program found here and what it chooses."),
    "man": Listed("swinsr.cli.views.manual", "Print the manual page.", hidden=True),
}


class Swinsr(CommandGroup):
    """The commands, and pictures in the place of a command: those are upscaled."""

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order of the help."""
        return [name for name, entry in COMMANDS.items() if not entry.hidden]

    def summaries(self, ctx: Any) -> list[tuple[str, str]]:
        """From the table: no command is imported for it."""
        return [(name, COMMANDS[name].summary) for name in self.list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        if cmd_name not in self.commands:
            self.commands[cmd_name] = _made(cmd_name)
        return self.commands[cmd_name]

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Options of `upscale` may come before the picture: `swinsr -s 2 photo.jpg`."""
        own = {name for param in self.get_params(ctx) for name in param.opts}
        first = args[0].split("=")[0] if args else ""
        if first.startswith("-") and first not in own and any(map(_may_be_picture, args)):
            args = ["upscale", *args]
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is named; that of a picture is `upscale`."""
        name = args[0]
        if name not in COMMANDS and not ctx.resilient_parsing:
            if _may_be_picture(name):
                args = ["upscale", *args]
            else:
                close = difflib.get_close_matches(name, self.list_commands(ctx), n=1)
                hint = f"; did you mean {close[0]}?" if close else ", and no picture is called so"
                ctx.fail(f"no such command: {name}{hint}")
        return super().resolve_command(ctx, args)


def _may_be_picture(text: str) -> bool:
    """Whether a word names a picture, a folder, a pattern or a stream rather than a command."""
    from pathlib import Path

    from swinsr.image.formats.table import FORMATS

    if text == "-" or Path(text).suffix.lower() in FORMATS:
        return True
    try:
        return Path(text).exists()
    except (OSError, ValueError):
        return False


def _made(name: str) -> Any:
    """A command or group, from the function or the app that its file holds under its name."""
    found = getattr(importlib.import_module(COMMANDS[name].module), name)
    if not isinstance(found, typer.Typer):
        single = typer.Typer(rich_markup_mode=None, add_completion=False)
        single.command(name, cls=Command, context_settings=_OF_ALL)(found)
        found = single
    else:
        for command in found.registered_commands:
            command.cls, command.context_settings = Command, _OF_ALL
    found.pretty_exceptions_enable = False
    made = typer.main.get_command(found)
    made.name = name
    return made


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"swinsr {__version__}")
        raise typer.Exit


app = typer.Typer(
    cls=Swinsr,
    name="swinsr",
    help="Upscale and restore pictures with SwinIR and Swin2SR.",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings=_OF_ALL,
)


@app.callback()
def root(
    context: typer.Context,
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Show the version."
    ),
) -> None:
    """Upscale and restore pictures with SwinIR and Swin2SR."""
    if context.invoked_subcommand is None:
        width = max(len(example.line) for example in FIRST) + 3
        for example in FIRST:
            typer.echo(f"{example.line:{width}}{example.what}")
        typer.echo("\n`swinsr --help` lists the commands, `swinsr COMMAND --help` their options.")
