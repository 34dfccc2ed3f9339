"""The part of the page that shows pictures: a before/after divider, or panels side by side."""

import json
from collections.abc import Sequence
from importlib import resources

import gradio as gr

from swinsr.demo.tasks.compare import Panel
from swinsr.demo.tasks.convert import Result


def asset(name: str) -> str:
    """A text file of the page."""
    return (resources.files("swinsr.demo") / "assets" / name).read_text(encoding="utf-8")


def viewer(empty: str, elem_id: str) -> gr.HTML:
    """A place for `split_value` or `grid_value`.

    Args:
        empty: shown while there is nothing.
        elem_id: of the element in the page.
    """
    return gr.HTML(
        value="",
        html_template=f'<div class="sv-root" data-empty="{empty}"></div>',
        js_on_load=asset("viewer.js"),
        apply_default_css=False,
        elem_id=elem_id,
    )


def split_value(result: Result) -> str:
    """Before and after of one picture."""
    panels = [Panel(result.before, "Before"), Panel(result.after, "After")]
    return _value("split", panels, result.size)


def grid_value(panels: Sequence[Panel], size: tuple[int, int]) -> str:
    """Several pictures of one size (width, height)."""
    return _value("grid", panels, size)


def _value(mode: str, panels: Sequence[Panel], size: tuple[int, int]) -> str:
    shown = [{"file": p.file.as_posix(), "label": p.label, "note": p.note} for p in panels]
    return json.dumps({"mode": mode, "panels": shown, "width": size[0], "height": size[1]})
