"""`swinsr watch`: a folder whose pictures are done as they arrive."""

import dataclasses
from contextlib import closing
from pathlib import Path
from typing import cast

import typer

from swinsr.cli import options
from swinsr.cli.views.console import report_note, show
from swinsr.cli.views.progress import FileProgress
from swinsr.files.settings import Settings, Task
from swinsr.watch import WatchSettings


@options.with_settings("task", "strength", "skip_existing")
def watch(
    settings: Settings,
    source: Path = typer.Argument(..., metavar="FOLDER", help="The folder that is watched."),
    output: Path = typer.Option(
        ..., "-o", "--output", metavar="DIR", help="Where the results go; made where missing."
    ),
    restore: str | None = typer.Option(
        None,
        "--restore",
        metavar="denoise|jpeg",
        help="Take out noise, or the artefacts of JPEG, instead of enlarging.",
    ),
    recursive: options.Recursive = False,
    settle: float = typer.Option(
        1.0, metavar="SECONDS", help="A file is whole when it was still for so long."
    ),
    move_to: Path | None = typer.Option(
        None, "--move-to", metavar="DIR", help="Move finished inputs there. Default: leave them."
    ),
    set_aside: Path | None = typer.Option(
        None,
        "--set-aside",
        metavar="DIR",
        help="Move bad files there, each with a text that says why. Default: FOLDER/failed.",
    ),
    once: bool = typer.Option(False, "--once", help="End when all that is there is done."),
    poll: bool = typer.Option(
        False, "--poll", help="Look again and again: for network drives, which tell nothing."
    ),
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Upscale pictures as they arrive in a folder, until it is stopped with Ctrl-C.

    Each is taken when it is whole, and done once: after a restart too.
    """
    if restore is not None:
        settings = dataclasses.replace(settings, task=cast("Task", restore))
    from swinsr.watch.run import watch_folder

    asked = WatchSettings(recursive, settle, move_to, set_aside, once, poll)
    progress = FileProgress(1, quiet=quiet)
    records = watch_folder(
        source, output, settings, asked, watch=lambda number, name: progress.file(1, name)
    )
    if not quiet and not once:
        report_note(f"watching {source}; stop with Ctrl-C")
    failures = False
    with closing(records):
        for record in records:
            show(record, as_json=as_json, quiet=quiet, to_error=False)
            failures |= record.error is not None
    if once and failures:
        raise typer.Exit(1)
