"""One HTML file that needs nothing else: sortable tables, and pieces of pictures to look at."""

import json
import math
from collections.abc import Iterable, Sequence
from html import escape
from importlib.resources import files
from typing import Any

from swinsr.evaluation.condition import SCORE_NAMES
from swinsr.evaluation.reports.showcase import ResultGroup, crops_of, group_results
from swinsr.evaluation.reports.tables import HEADINGS, format_score, row_of
from swinsr.evaluation.results import Result

_TEXT_COLUMNS = {"Model", "Dataset", "Task", "On"}
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


def to_html(results: Sequence[Result], document: dict[str, Any], *, crops: int) -> str:
    """The report.

    Args:
        results: what was measured.
        document: of `to_document`, for what it was measured with.
        crops: how many pictures of each dataset to show; 0 for tables alone.
    """
    groups = group_results(results)
    shown = [(group, crops_of(group, crops)) for group in groups]
    data = json.dumps([crop for _, part in shown for crop in part]).replace("<", "\\u003c")
    pictures = any(part for _, part in shown)
    body = [
        "<h1>Evaluation</h1>",
        f'<p class="dim">{_provenance(document)}</p>',
        _summary(results),
        _sources(results),
        _problems(results, document),
        _TOOLS if pictures else "",
        *(_group(group, part) for group, part in shown),
    ]
    assets = files("swinsr.evaluation") / "assets"
    style = (assets / "report.css").read_text(encoding="utf-8")
    script = (assets / "report.js").read_text(encoding="utf-8")
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Evaluation</title>\n<style>\n{style}</style>\n</head>\n<body>\n"
        + "\n".join(part for part in body if part)
        + f'\n<script type="application/json" id="crops">{data}</script>\n'
        f"<script>\n{script}</script>\n</body>\n</html>\n"
    )


_TOOLS = (
    '<div class="tools"><span>Wheel to zoom, drag to move, double click for the whole piece; '
    "all panels of a picture follow.</span>"
    '<label>Differences <input id="gain" type="range" min="1" max="20" value="4"> '
    '<span id="gain-value">4×</span></label></div>'
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
    return escape(" · ".join(parts))


def _cell(text: str, value: object, kind: str = "") -> str:
    shown = "" if value is None else escape(str(value), quote=True)
    return f'<td class="{kind}" data-value="{shown}">{escape(text)}</td>'


def _table(headings: Iterable[tuple[str, bool]], rows: Iterable[str], name: str) -> str:
    head = "".join(
        f'<th class="{"text" if text else ""}"><button>{escape(heading)}</button></th>'
        for heading, text in headings
    )
    return (
        f'<div class="scroll"><table class="sortable" data-name="{escape(name, quote=True)}">'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody></table></div>"
    )


def _summary(results: Sequence[Result]) -> str:
    texts = [row_of(result) for result in results]
    used = [i for i in range(len(HEADINGS)) if any(row[i] for row in texts)]
    rows = []
    for result, row in zip(results, texts, strict=True):
        cells = [_summary_cell(result, HEADINGS[i], row[i]) for i in used]
        rows.append("<tr>" + "".join(cells) + "</tr>")
    return _table(((HEADINGS[i], HEADINGS[i] in _TEXT_COLUMNS) for i in used), rows, "summary")


def _summary_cell(result: Result, heading: str, text: str) -> str:
    if heading in _TEXT_COLUMNS:
        return _cell(text, text, "text")
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
    return _cell(text, _sortable(value), kind)


def _sortable(value: float | None) -> str | None:
    if value is None:
        return None
    return "Infinity" if math.isinf(value) else repr(float(value))


def _sources(results: Sequence[Result]) -> str:
    sources = dict.fromkeys(r.published.source for r in results if r.published is not None)
    if not sources:
        return ""
    return (
        f'<p class="dim">Published: {escape("; ".join(sources))}. A ? marks a likely misprint. '
        "Differences are measured less published, where the dataset is complete.</p>"
    )


def _problems(results: Sequence[Result], document: dict[str, Any]) -> str:
    failures = dict.fromkeys(f.message for result in results for f in result.failures)
    items = [f'<li class="failed">Not measured: {escape(text)}</li>' for text in failures]
    items += [f"<li>{escape(text)}</li>" for text in document["notes"]]
    return "<ul>" + "\n".join(items) + "</ul>" if items else ""


def _group(group: ResultGroup, crops: Sequence[dict[str, Any]]) -> str:
    title = f"{group.dataset.name} {group.condition.label}"
    scores = [(r, {i.name: i.scores for i in r.images}) for r in group.results]
    names = list(group.condition.main_scores)
    names += sorted({n for r in group.results for n in r.mean} - set(SCORE_NAMES))
    headings = [("Picture", True)]
    headings += [
        (f"{r.job.contestant.name} {SCORE_NAMES.get(n, n)}", False)
        for r, _ in scores
        for n in names
    ]
    rows = []
    for picture in group.pictures:
        cells = [_cell(picture, picture, "text")]
        best = {
            n: max((s[picture][n] for _, s in scores if picture in s), default=0) for n in names
        }
        for _, by_picture in scores:
            for name in names:
                value = by_picture.get(picture, {}).get(name)
                is_best = name in SCORE_NAMES and value == best[name] and len(scores) > 1
                kind = "best" if is_best else ""
                cells.append(_cell(format_score(name, value), _sortable(value), kind))
        rows.append("<tr>" + "".join(cells) + "</tr>")
    pictures = "\n".join(_picture(crop) for crop in crops)
    return f"<h2>{escape(title)}</h2>\n{_table(headings, rows, title)}\n{pictures}"


def _picture(crop: dict[str, Any]) -> str:
    name = escape(crop["name"])
    return (
        f'<section class="picture"><div class="head"><h3>{name}</h3>'
        '<span class="zoom dim"></span>'
        '<button class="tool out" aria-label="zoom out">−</button>'
        '<button class="tool in" aria-label="zoom in">+</button>'
        '<button class="tool whole">whole</button></div>'
        f'<div class="stage" tabindex="0" aria-label="{escape(crop["name"], quote=True)}: plus, '
        'minus and arrow keys zoom and move"></div></section>'
    )
