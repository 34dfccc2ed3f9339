"""How models are shown: one line each, or everything known of one."""

from collections.abc import Callable, Iterator

import typer

from swinsr.zoo import ModelEntry, cached_path, read_record, weights_folder
from swinsr.zoo.scores import published_scores


def line(name: str, task: str, scale: str, last: str) -> str:
    """One model in one line."""
    return f"  {name:30} {task:16} {scale:4} {last}"


def table(entries: list[ModelEntry], last: Callable[[ModelEntry], str]) -> None:
    """Print a line for each model."""
    for entry in entries:
        typer.echo(line(entry.name, entry.task, f"x{entry.scale}", last(entry)))


def describe(entry: ModelEntry) -> Iterator[str]:
    """Lines with all that is known of a model."""
    yield f"name        {entry.name}"
    yield f"good for    {entry.summary}"
    yield f"task        {entry.task}, x{entry.scale}"
    yield f"licence     {entry.licence}"
    yield f"file        {entry.file}"
    yield f"bytes       {f'{entry.bytes:,}' if entry.bytes is not None else 'not published'}"
    yield f"sha256      {entry.sha256 or 'not published'}"
    if entry.url is not None:
        yield f"url         {entry.url}"
    if entry.hub is not None:
        yield f"hub         {entry.hub}"
    yield f"here        {_place(entry)}"
    yield f"padding     {entry.padding}"
    if entry.config is not None:
        yield f"network     {entry.family}"
        for key, value in entry.config.items():
            yield f"  {key:18} {value!r}"
    scores = [score for score in published_scores() if score.model == entry.name]
    if scores:
        yield "scores as printed"
    for score in scores:
        values = ", ".join(f"{key} {value:g}" for key, value in score.scores.items())
        extras = " self-ensemble" if score.self_ensemble else ""
        yield f"  {score.dataset + extras:26} {values}  ({score.source})"


def _place(entry: ModelEntry) -> str:
    if entry.url is None:
        return f"{weights_folder() / entry.file}, it ships with swinsr"
    path = cached_path(entry)
    if path is None:
        return f"no; `swinsr models download {entry.name}` gets it"
    record = read_record(path)
    verified = record is not None and record.verified
    return f"{path}, {'verified' if verified else 'not verified: no sha256 is published'}"
