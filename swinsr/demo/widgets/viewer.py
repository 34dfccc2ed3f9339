"""The part of the page that shows pictures: a before/after divider, or panels side by side."""

import json
from collections.abc import Sequence
from typing import Any

import gradio as gr

from swinsr.demo.assets import asset
from swinsr.demo.tasks.compare import Panel
from swinsr.demo.tasks.convert import Converted


def viewer(empty: str, elem_id: str, *, keeps: bool = False) -> gr.HTML:
    """A place for `split_value` or `grid_value`.

    Args:
        empty: shown while there is nothing.
        elem_id: of the element in the page.
        keeps: whether the results of this visit are offered below it.
    """
    kept = ' data-keeps="true"' if keeps else ""
    mark = asset("mark.svg")
    return gr.HTML(
        value="",
        html_template=(
            f'<div class="sv-root"{kept}><template><div class="sv-empty"><div>{mark}'
            f"<p>{empty}</p></div></div></template></div>"
        ),
        js_on_load=asset("viewer.js"),
        apply_default_css=False,
        elem_id=elem_id,
    )


def split_view(result: Converted, file: str | None = None) -> dict[str, Any]:
    """Before and after of one picture, and what was done; `file` where it was saved otherwise."""
    panels = [Panel(result.before, "Before"), Panel(result.after, "After")]
    path = result.file.as_posix() if file is None else file
    return _view("split", panels, result.size) | {
        "file": path,
        "thumb": None if result.thumb is None else result.thumb.as_posix(),
        "facts": result_facts(result),
        "notes": ". ".join(result.notes),
    }


def split_value(result: Converted) -> str:
    """The same for the viewer."""
    return json.dumps(split_view(result))


def grid_value(panels: Sequence[Panel], size: tuple[int, int], *, pairs: bool = False) -> str:
    """Several pictures of one size (width, height); in `pairs` two belong together."""
    return json.dumps(_view("grid", panels, size) | {"pairs": pairs})


def result_facts(result: Converted) -> list[tuple[str, str]]:
    """What was done: names and values."""
    before, after = (f"{width} × {height}" for width, height in (result.source, result.size))
    return [
        ("Size", f"{before} → {after} pixels"),
        ("Time", f"{result.seconds:.1f} s"),
        ("Model", result.model),
        ("Computed with", result.engine),
    ]


def _view(mode: str, panels: Sequence[Panel], size: tuple[int, int]) -> dict[str, Any]:
    shown = [{"file": p.file.as_posix(), "label": p.label, "note": p.note} for p in panels]
    return {"mode": mode, "panels": shown, "width": size[0], "height": size[1]}
