"""`swinsr evaluate`: PSNR and SSIM of models on datasets, as papers report them."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from swinsr.cli.views.complete import model_names
from swinsr.cli.views.console import report_error, report_note
from swinsr.errors import ConfigError

if TYPE_CHECKING:
    from swinsr.evaluation import Evaluation

_FILES = {
    "json": "evaluation.json",
    "csv": "evaluation.csv",
    "markdown": "evaluation.md",
    "html": "evaluation.html",
}


def evaluate(
    datasets: list[str] = typer.Argument(
        ...,
        metavar="DATASET...",
        help="Folders of pictures (the truth, or HR and LR_bicubic/X4 in one folder), or names of "
        "known datasets: Set5, Set14, B100, Urban100, Manga109, DIV2K-valid, Set12, BSD68, "
        "CBSD68, Kodak24, McMaster, Classic5, LIVE1.",
        show_default=False,
    ),
    model: list[str] = typer.Option(
        [],
        "-m",
        "--model",
        metavar="NAME|FILE",
        help="As for `swinsr upscale`, or bicubic, lanczos, nearest; may be given several times. "
        "Default: bicubic and the bundled model for each scale.",
        autocompletion=model_names,
        show_default=False,
    ),
    scale: list[int] = typer.Option(
        [], "-s", "--scale", help="Enlargement; several times for several.", show_default=False
    ),
    noise: list[int] = typer.Option(
        [], "--noise", metavar="SIGMA", help="Denoising, 8-bit levels.", show_default=False
    ),
    quality: list[int] = typer.Option(
        [], "--quality", metavar="Q", help="JPEG artefacts, 1 to 100.", show_default=False
    ),
    data: Path | None = typer.Option(
        None, "--data", envvar="SWINSR_DATA", metavar="DIR", help="Holds the known datasets."
    ),
    self_ensemble: bool = typer.Option(
        False, "--self-ensemble", help='Average eight flipped and turned runs, papers\' "+".'
    ),
    padding: str = typer.Option(
        "minimal",
        help="minimal: reflect to the next multiple of the window. published: as papers' scripts.",
    ),
    precision: str = typer.Option("float32", help="As for the library's Upscaler."),
    device: str = typer.Option("auto", help="auto, cpu, cuda, cuda:1, xpu, mps."),
    metric: list[str] = typer.Option(
        [], "--metric", metavar="NAME", help="Further metrics by pyiqa's names, such as lpips."
    ),
    output: Path | None = typer.Option(
        None, "-o", "--output", metavar="DIR", help="Write all four reports into this folder."
    ),
    json_file: Path | None = typer.Option(None, "--json", metavar="FILE", help="Write JSON."),
    csv_file: Path | None = typer.Option(None, "--csv", metavar="FILE", help="Write CSV."),
    markdown_file: Path | None = typer.Option(
        None, "--markdown", metavar="FILE", help="Write a Markdown table."
    ),
    html_file: Path | None = typer.Option(
        None, "--html", metavar="FILE", help="Write one HTML file with pictures side by side."
    ),
    crops: int = typer.Option(16, min=0, help="Pictures of each dataset that the HTML shows."),
    cache: Path | None = typer.Option(
        None,
        metavar="DIR",
        help="Keep measurements here. Default: swinsr/evaluation in the user's cache folder.",
    ),
    no_cache: bool = typer.Option(False, "--no-cache", help="Measure everything anew."),
    quiet: bool = typer.Option(False, "-q", "--quiet", help="The result and failures only."),
) -> None:
    """Measure models on datasets as papers do.

    PSNR and SSIM with all their conventions, and whatever else pyiqa measures.

    A picture that cannot be measured does not stop the others: it is named on standard error and
    the exit status is 1. A run that was stopped goes on where it was.
    """
    given = {"json": json_file, "csv": csv_file, "markdown": markdown_file, "html": html_file}
    targets = _targets(output, given)
    from swinsr.cli.views.evaluate import evaluation_view, print_results
    from swinsr.evaluation import Options, Request, default_cache_folder, to_markdown
    from swinsr.evaluation import evaluate as measure

    options = Options(self_ensemble, padding, precision, device, tuple(metric))
    request = Request(tuple(scale), tuple(noise), tuple(quality))
    folder = None if no_cache else cache or default_cache_folder()
    models = model or _default_models(request.scales)
    with evaluation_view(quiet=quiet) as view:
        evaluation = measure(
            models, datasets, request, options, data=data, cache=folder, listener=view
        )
    print_results(list(evaluation.results), to_markdown(evaluation.results))
    if output is not None:
        _make(output)
    for kind, path in targets.items():
        _write(path, _render(kind, evaluation, options, crops))
        if not quiet:
            report_note(f"written: {path}")
    if evaluation.failures:
        count = len(evaluation.failures)
        pictures = "one picture" if count == 1 else f"{count} pictures"
        report_error(f"{pictures} could not be measured; the others are.")
        sys.exit(1)


def _default_models(scales: tuple[int, ...]) -> list[str]:
    from swinsr.evaluation.trials import DEFAULT_SCALE
    from swinsr.zoo import bundled_models

    wanted = scales or (DEFAULT_SCALE,)
    return ["bicubic", *(m.name for m in bundled_models() if m.default and m.scale in wanted)]


def _targets(output: Path | None, given: dict[str, Path | None]) -> dict[str, Path]:
    """Where each report goes; what is wrong with a place shows before the work is done."""
    targets = {} if output is None else {kind: output / name for kind, name in _FILES.items()}
    targets |= {kind: path for kind, path in given.items() if path is not None}
    if output is not None:
        # It is made when there is something to put into it.
        places = (output, *output.absolute().parents)
        there = next(path for path in places if os.path.lexists(path))
        if not there.is_dir() or not os.access(there, os.W_OK):
            raise ConfigError(f"{output}: {there} is no folder that can be written to")
    for path in targets.values():
        if path.parent != output and not path.parent.is_dir():
            raise ConfigError(f"{path}: the folder {path.parent} does not exist; make it first")
        if path.is_dir():
            raise ConfigError(f"{path} is a folder; name a file for the report")
    return targets


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"{folder}: the folder cannot be made ({error.strerror})") from error


def _render(kind: str, evaluation: "Evaluation", options: Any, crops: int) -> str:
    from swinsr.evaluation import to_csv, to_document, to_html, to_json, to_markdown

    if kind == "csv":
        return to_csv(evaluation.results)
    if kind == "markdown":
        return to_markdown(evaluation.results)
    document = to_document(evaluation.results, options, evaluation.notes)
    return (
        to_json(document) if kind == "json" else to_html(evaluation.results, document, crops=crops)
    )


def _write(path: Path, text: str) -> None:
    from swinsr.image import atomic_output

    # A file name need not be Unicode; what is not is written as an escape.
    with atomic_output(path, overwrite=True) as stream:
        stream.write(text.encode("utf-8", "backslashreplace"))
