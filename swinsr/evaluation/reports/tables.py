"""Results as Markdown for a person and CSV for a spreadsheet."""

import csv
import io
import math
from collections.abc import Iterable, Sequence

from swinsr.evaluation.condition import SCORE_NAMES
from swinsr.evaluation.results import Result

HEADINGS = (
    *("Model", "Dataset", "Task", "On", "PSNR", "SSIM", "PSNR-B"),
    *("Published", "Difference", "Pictures", "s/picture", "Parameters", "MACs/pixel"),
)


def row_of(result: Result) -> tuple[str, ...]:
    """One row under `HEADINGS`, as text; "" where a column does not apply."""
    condition, cost = result.job.condition, result.job.contestant.cost
    mean, main = result.mean, condition.main_scores
    shown = [format_score(name, mean.get(name)) for name in main] + [""] * (3 - len(main))
    published = ""
    if result.published is not None:
        printed, wrong = result.published.scores, result.published.misprints
        published = " / ".join(
            f"{printed[name]:.{2 if name.startswith('psnr') else 4}f}" + "?" * (name in wrong)
            for name in main
            if name in printed
        )
    difference = result.difference
    less = " / ".join(format_score(n, difference[n], signed=True) for n in main if n in difference)
    seconds = result.seconds_per_image
    return (
        result.job.contestant.name + ("+" if result.self_ensemble else ""),
        result.job.dataset.name,
        condition.label.removesuffix(" gray"),
        condition.channels,
        *shown,
        published,
        less,
        count_of(result),
        "" if seconds is None else f"{seconds:.2f}",
        "" if cost is None else f"{cost.parameters:,}",
        "" if cost is None else f"{cost.macs_per_pixel / 1000:,.1f}K",
    )


def count_of(result: Result) -> str:
    """How many pictures were measured, and how many failed."""
    failed = len(result.failures)
    return f"{len(result.images)}" + (f", {failed} failed" if failed else "")


def format_score(name: str, value: float | None, *, signed: bool = False) -> str:
    """A score with the digits that matter: 3 of PSNR, 4 of SSIM and others."""
    if value is None:
        return "-"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    digits = 3 if name.startswith("psnr") else 4
    return f"{value:+.{digits}f}" if signed else f"{value:.{digits}f}"


def to_markdown(results: Sequence[Result]) -> str:
    """A table of the means, and what failed."""
    rows = [row_of(result) for result in results]
    used = [i for i in range(len(HEADINGS)) if any(row[i] for row in rows)]
    lines = [
        _markdown_row(HEADINGS[i] for i in used),
        "|" + "|".join("---:" if i >= 4 else "---" for i in used) + "|",
    ]
    lines += [_markdown_row(row[i] for i in used) for row in rows]
    extra = sorted({name for r in results for name in r.mean} - set(SCORE_NAMES))
    for name in extra:
        lines += ["", f"{name}:", ""]
        lines += [
            f"- {_escape(row[0])}, {_escape(row[1])} {row[2]}: {result.mean[name]:.4f}"
            for row, result in zip(rows, results, strict=True)
            if name in result.mean
        ]
    sources = dict.fromkeys(r.published.source for r in results if r.published is not None)
    if sources:
        lines += ["", "Published: " + "; ".join(sources) + ". A ? marks a likely misprint."]
    failures = dict.fromkeys(f.message for result in results for f in result.failures)
    if failures:
        lines += ["", "Not measured:", "", *(f"- {_escape(text)}" for text in failures)]
    return "\n".join(lines) + "\n"


def _markdown_row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(_escape(cell) for cell in cells) + " |"


def _escape(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ")


def to_csv(results: Sequence[Result]) -> str:
    """One line a picture and one, with "mean" in the column `row`, for each mean; all digits."""
    extra = sorted({name for r in results for name in r.mean} - set(SCORE_NAMES))
    names = [*SCORE_NAMES, *extra]
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    head = ["model", "dataset", "condition", "scale", "self_ensemble", "padding", "row", "image"]
    writer.writerow([*head, *names, "seconds"])
    for result in results:
        job = result.job
        first = [job.contestant.name, job.dataset.name, job.condition.label, job.condition.scale]
        is_network = job.contestant.config is not None
        second = [int(result.self_ensemble), result.options.padding if is_network else ""]
        lines = [("image", i.name, i.scores, i.seconds) for i in result.images]
        seconds = result.seconds_per_image
        if seconds is not None:
            lines.append(("mean", "", result.mean, seconds))
        for row, image, scores, time in lines:
            values = [repr(scores[n]) if n in scores else "" for n in names]
            writer.writerow([*first, *second, row, image, *values, f"{time:.4f}"])
    return stream.getvalue()
