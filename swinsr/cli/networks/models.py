"""`swinsr models`: what ships, what is published, and what of it is on this machine."""

import sys

import typer

from swinsr.cli.views.complete import model_names
from swinsr.cli.views.console import report_error, report_note
from swinsr.cli.views.help import CommandGroup
from swinsr.cli.views.models import BICUBIC, ENDS, print_model, print_models, row_of
from swinsr.cli.views.progress import byte_progress
from swinsr.errors import ModelNotFoundError, SwinsrError
from swinsr.zoo import (
    ModelEntry,
    bundled_models,
    cached_path,
    download,
    find_published,
    hub_folder,
    is_hub_id,
    models_folder,
    published_models,
    read_record,
    remove,
    verify,
)

models = typer.Typer(
    cls=CommandGroup,
    help="List, download and check models.",
    invoke_without_command=True,
    add_completion=False,
    rich_markup_mode=None,
)
NAMES = typer.Argument(
    ...,
    metavar="NAME...",
    help="As `swinsr models list` shows them; to download, also a Hub id.",
    autocompletion=model_names,
)


@models.callback()
def root(context: typer.Context) -> None:
    """List, download and check models."""
    if context.invoked_subcommand is None:
        list_models(False)


@models.command("list")
def list_models(
    downloaded: bool = typer.Option(False, "--downloaded", help="Only what is on this machine."),
) -> None:
    """List the models that ship with SwinSR and the published ones known by name."""
    typer.echo("Ready to use, they ship with swinsr:")
    rows = [row_of(m, _taken(m)) for m in bundled_models()]
    print_models([*rows, BICUBIC])
    here = {m.name for m in published_models() if cached_path(m) is not None}
    shown = [m for m in published_models() if m.name in here or not downloaded]
    typer.echo("\nPublished by the authors; * is downloaded.")
    typer.echo(f"`swinsr models download NAME` gets one.\n{ENDS}")
    print_models([row_of(m, "* " if m.name in here else "") for m in shown])


def _taken(model: ModelEntry) -> str:
    """Whether a model is taken where none is named."""
    if model.damage != "none":
        return f"Default after {model.damage} damage. "
    return "Default. " if model.default else ""


@models.command("download")
def download_models(
    names: list[str] = NAMES,
    force: bool = typer.Option(False, "--force", help="Download again what is there."),
    quiet: bool = typer.Option(False, "-q", "--quiet", help="Print failures only."),
) -> None:
    """Download published models into the cache; what was interrupted is continued.

    SWINSR_HOME names the cache's folder, SWINSR_MIRROR other places to download from, and
    http_proxy, https_proxy and no_proxy a proxy. SWINSR_OFFLINE=1 forbids downloads.
    """
    failed = False
    for name in names:
        try:
            if any(m.name == name for m in bundled_models()):
                report_note(f"{name} ships with swinsr; there is nothing to download")
                continue
            if find_published(name) is None and is_hub_id(name):
                typer.echo(f"{name}  {hub_folder(name)}")
                continue
            entry = _published(name)
            with byte_progress(entry.name, quiet=quiet) as report:
                path = download(entry, force=force, report=report)
        except SwinsrError as error:
            failed = True
            report_error(error)
            continue
        record = read_record(path)
        if not quiet:
            typer.echo(f"{entry.name}  {path}")
        if record is not None and not record.verified:
            report_note(
                f"{entry.name} was not verified: no sha256 is published for it; "
                f"this file's is {record.sha256}"
            )
    if failed:
        sys.exit(1)


@models.command("info")
def show_model(name: str = typer.Argument(..., metavar="NAME", autocompletion=model_names)) -> None:
    """Show what is known of a model: purpose, licence, source, hash, configuration, scores."""
    bundled = next((m for m in bundled_models() if m.name == name), None)
    print_model(bundled if bundled is not None else _published(name))


@models.command("verify")
def verify_models(
    names: list[str] = typer.Argument(None, metavar="[NAME...]", help="Default: all downloaded."),
) -> None:
    """Hash downloaded models again; the exit status is 1 where one is not as it should be."""
    entries = [_published(name) for name in names or []]
    if not names:
        entries = [m for m in published_models() if cached_path(m) is not None]
        if not entries:
            typer.echo(f"no model is in {models_folder()}")
    failed = False
    for entry in entries:
        verdict = verify(entry)
        failed |= not verdict.good
        typer.echo(f"{'good' if verdict.good else 'BAD '}  {entry.name}: {verdict.sentence}")
    if failed:
        report_error("`swinsr models download --force NAME` replaces a damaged file")
        sys.exit(1)


@models.command("remove")
def remove_models(names: list[str] = NAMES) -> None:
    """Delete downloaded models, and what interrupted downloads of them left."""
    for entry in [_published(name) for name in names]:
        gone = remove(entry)
        typer.echo(f"removed {entry.name}" if gone else f"{entry.name} was not there")


def _published(name: str) -> ModelEntry:
    """The entry of a name or file name.

    Raises:
        ModelNotFoundError: none is published under it.
    """
    entry = find_published(name)
    if entry is None:
        raise ModelNotFoundError(
            f"{name} is no published model; `swinsr models list` shows their names"
        )
    return entry
