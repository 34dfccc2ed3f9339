"""One HTML file that needs nothing else: sortable tables, and pieces of pictures to look at."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from swinsr.evaluation.condition import SCORE_NAMES
from swinsr.evaluation.reports.showcase import ResultGroup, crops_of, group_results
from swinsr.evaluation.reports.tables import HEADINGS, format_score, row_of
from swinsr.evaluation.results import Result

_TEXT_COLUMNS = {"Model", "Dataset", "Task", "On"}


@dataclass(frozen=True)
class _Column:
    heading: str
    text: bool


@dataclass(frozen=True)
class _Cell:
    """What is read, what it is sorted by, and its class."""

    text: str
    value: str
    kind: str = ""


@dataclass(frozen=True)
class _Table:
    name: str
    columns: list[_Column]
    rows: list[list[_Cell]]


def to_html(results: Sequence[Result], document: dict[str, Any], *, crops: int) -> str:
    """The report.

    Args:
        results: what was measured.
        document: of `to_document`, for what it was measured with.
        crops: how many pictures of each dataset to show; 0 for tables alone.
    """
    assets = files("swinsr.evaluation") / "assets"
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, keep_trailing_newline=True
    )
    template = environment.from_string((assets / "report.html.j2").read_text(encoding="utf-8"))
    shown = [(group, crops_of(group, crops)) for group in group_results(results)]
    published = (r.published.source for r in results if r.published is not None)
    return template.render(
        # The package's own files, which hold markup.
        style=Markup((assets / "report.css").read_text(encoding="utf-8")),
        script=Markup((assets / "report.js").read_text(encoding="utf-8")),
        provenance=_provenance(document),
        summary=_summary(results),
        sources=list(dict.fromkeys(published)),
        failures=list(dict.fromkeys(f.message for r in results for f in r.failures)),
        notes=document["notes"],
        groups=[
            {"table": _scores(group), "pictures": [crop["name"] for crop in part]}
            for group, part in shown
        ],
        crops=[crop for _, part in shown for crop in part],
    )


def _provenance(document: dict[str, Any]) -> str:
    versions = document["versions"]
    parts = [f"SwinSR {versions['swinsr']}"]
    if "commit" in document:
        parts.append(f"commit {document['commit'][:12]}" + (" +" if document["modified"] else ""))
    parts += [f"torch {versions['torch']}", document["machine"]["device_name"]]
    options = document["options"]
    computed = {row["precision"] for row in document["results"] if row["precision"]}
    precision = ", ".join(sorted(computed)) or options["precision"]
    parts += [f"padding {options['padding']}", precision]
    if options["self_ensemble"]:
        parts.append("self-ensemble x8 (+)")
    return " · ".join(parts)


def _summary(results: Sequence[Result]) -> _Table:
    texts = [row_of(result) for result in results]
    used = [i for i in range(len(HEADINGS)) if any(row[i] for row in texts)]
    columns = [_Column(HEADINGS[i], HEADINGS[i] in _TEXT_COLUMNS) for i in used]
    rows = [
        [_summary_cell(result, HEADINGS[i], row[i]) for i in used]
        for result, row in zip(results, texts, strict=True)
    ]
    return _Table("summary", columns, rows)


def _summary_cell(result: Result, heading: str, text: str) -> _Cell:
    if heading in _TEXT_COLUMNS:
        return _Cell(text, text, "text")
    condition, cost = result.job.condition, result.job.contestant.cost
    main = condition.main_scores
    by_place = {"PSNR": 0, "SSIM": 1, "PSNR-B": 2}
    value: float | None = None
    kind = ""
    if heading in by_place and by_place[heading] < len(main):
        value = result.mean.get(main[by_place[heading]])
    elif heading == "Published" and result.published is not None:
        value = result.published.scores.get(main[0])
    elif heading == "Difference":
        value = result.difference.get(main[0])
        kind = "" if value is None else "plus" if value >= 0 else "minus"
    elif heading == "Pictures":
        value = len(result.images)
    elif heading == "s/picture":
        value = result.seconds_per_image
    elif heading == "Parameters" and cost is not None:
        value = cost.parameters
    elif heading == "MACs/pixel" and cost is not None:
        value = cost.macs_per_pixel
    return _Cell(text, _sortable(value), kind)


def _sortable(value: float | None) -> str:
    if value is None:
        return ""
    return "Infinity" if math.isinf(value) else repr(float(value))


def _scores(group: ResultGroup) -> _Table:
    title = f"{group.dataset.name} {group.condition.label}"
    scores = [(r, {i.name: i.scores for i in r.images}) for r in group.results]
    names = list(group.condition.main_scores)
    names += sorted({n for r in group.results for n in r.mean} - set(SCORE_NAMES))
    columns = [_Column("Picture", True)]
    columns += [
        _Column(f"{r.job.contestant.name} {SCORE_NAMES.get(n, n)}", False)
        for r, _ in scores
        for n in names
    ]
    rows = []
    for picture in group.pictures:
        cells = [_Cell(picture, picture, "text")]
        best = {
            n: max((s[picture][n] for _, s in scores if picture in s), default=0) for n in names
        }
        for _, by_picture in scores:
            for name in names:
                value = by_picture.get(picture, {}).get(name)
                is_best = name in SCORE_NAMES and value == best[name] and len(scores) > 1
                kind = "best" if is_best else ""
                cells.append(_Cell(format_score(name, value), _sortable(value), kind))
        rows.append(cells)
    return _Table(title, columns, rows)
