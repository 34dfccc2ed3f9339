"""How models are shown: one line each, or everything known of one."""

from collections.abc import Iterator, Sequence

from swinsr.cli.views.table import on_terminal, print_entries, print_table
from swinsr.zoo import ModelEntry, cached_path, read_record, weights_folder
from swinsr.zoo.scores import published_scores

_PLAIN = "  {:30} {:16} {:4} {}"
BICUBIC = ("bicubic", "baseline", "any", "Interpolation, for comparison; no weights.")
# What a name's end says of networks for damaged photographs.
ENDS = "-gan is sharp and may invent texture, -psnr is faithful and softer."


Row = tuple[str, str, str, str]


def row_of(entry: ModelEntry, mark: str = "") -> Row:
    """What a list tells of a model; `mark` goes before its sentence."""
    return entry.name, entry.task, f"x{entry.scale}", mark + entry.summary


def print_models(rows: Sequence[Row]) -> None:
    """Print a line for each model; on a terminal, a table that fits it."""
    if on_terminal():  # where the task would take the room of the sentence that tells it
        print_table(("Name", "Size", "For"), [(row[0], *row[2:]) for row in rows], "")
    else:
        print_table((), rows, _PLAIN)


def print_model(entry: ModelEntry) -> None:
    """Print all that is known of a model."""
    print_entries("", _known(entry), 11)
    if entry.config is not None:
        values = [(key, repr(value)) for key, value in entry.config.items()]
        print_entries(f"network     {entry.family}", values)
    scores = [score for score in published_scores() if score.model == entry.name]
    lines = []
    for score in scores:
        values_of = ", ".join(f"{key} {value:g}" for key, value in score.scores.items())
        extras = " self-ensemble" if score.self_ensemble else ""
        lines.append((score.dataset + extras, f"{values_of}  ({score.source})"))
    print_entries("scores as printed", lines, 26)


def _known(entry: ModelEntry) -> Iterator[tuple[str, str]]:
    yield "name", entry.name
    yield "good for", entry.summary
    yield "task", f"{entry.task}, x{entry.scale}"
    yield "licence", entry.licence
    yield "file", entry.file
    yield "bytes", f"{entry.bytes:,}" if entry.bytes is not None else "not published"
    yield "sha256", entry.sha256 or "not published"
    if entry.url is not None:
        yield "url", entry.url
    if entry.hub is not None:
        yield "hub", entry.hub
    yield "here", _place(entry)
    yield "padding", entry.padding


def _place(entry: ModelEntry) -> str:
    if entry.url is None:
        return f"{weights_folder() / entry.file}, it ships with swinsr"
    path = cached_path(entry)
    if path is None:
        return f"no; `swinsr models download {entry.name}` gets it"
    record = read_record(path)
    verified = record is not None and record.verified
    return f"{path}, {'verified' if verified else 'not verified: no sha256 is published'}"
