"""Batch: many pictures, one archive, each of them to be looked at."""

import json
from typing import Any

import gradio as gr

from swinsr.demo.assets import asset
from swinsr.demo.inputs import file_input
from swinsr.demo.jobs import Submission
from swinsr.demo.tasks.batch import Line, run_batch
from swinsr.demo.tasks.plan import plan_batch
from swinsr.demo.widgets.choices import (
    kind_choice,
    model_dropdown,
    read_kind,
    read_saving,
    read_size,
    saving_choice,
    size_choice,
)
from swinsr.demo.widgets.page import Page, failure, note, sentence
from swinsr.demo.widgets.run import run_buttons
from swinsr.demo.widgets.viewer import split_value, split_view, viewer
from swinsr.errors import SwinsrError

_BEGIN = note("Choose some pictures.")


def build(page: Page) -> None:
    """Everything within the tab."""
    limits = page.shop.limits
    with gr.Row(equal_height=False, elem_classes="work"):
        with gr.Column(scale=4, min_width=320, elem_classes="choices"):
            files = file_input(
                f"Your pictures, at most {limits.max_files}", "batch-files", several=True
            )
            kind = kind_choice("batch")
            size = size_choice("batch")
            run = run_buttons(page, "batch", "Upscale all", hint=_BEGIN)
            with gr.Accordion("More", open=False, elem_classes="more"):
                model = model_dropdown("batch")
                saving = saving_choice("batch")
        with gr.Column(scale=7, min_width=320, elem_classes="result", elem_id="batch-result"):
            lines = gr.HTML(
                value="",
                html_template='<div class="lines"></div>',
                js_on_load=asset("batch.js"),
                apply_default_css=False,
                elem_id="batch-lines",
            )
            shown = viewer(
                "Each result appears here. A picture that cannot be read does not stop the others.",
                "batch-viewer",
            )
            download = gr.DownloadButton(
                "Download all (zip)", variant="primary", visible=False, elem_id="batch-download"
            )

    def outlook(
        paths: list[str] | None, name: str, what: str, manner: str, times: str,
        number: float | None, unit: str,
    ) -> tuple[Any, str]:  # fmt: skip
        if not paths:
            return gr.Button(interactive=False), _BEGIN
        try:
            found = plan_batch(
                page.shop, paths, read_kind(what, manner, name), read_size(times, number, unit)
            )
        except SwinsrError as error:
            return gr.Button(interactive=False), failure(error)
        hint = note(sentence(found.text)) if found.startable else failure(found.text)
        return gr.Button(interactive=found.startable), hint

    asked = [files, model, kind.kind, kind.manner, *size.inputs]
    gr.on(
        [part.change for part in asked],
        outlook,
        asked,
        [run.start, run.status],
        trigger_mode="always_last",
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=None,
    )

    async def work(
        paths: list[str] | None, name: str, what: str, manner: str, times: str,
        number: float | None, unit: str, format_name: str, quality: float,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:  # fmt: skip
        def process(job: Submission) -> Any:
            return run_batch(
                page.shop, job, paths or [], read_kind(what, manner, name),
                read_size(times, number, unit), read_saving(format_name, quality),
            )  # fmt: skip

        tried = await page.attempt(request, "batch", process, progress)
        if tried.value is None:
            return gr.skip(), gr.skip(), gr.skip(), tried.hint
        archive, done = tried.value
        first = next((line.result for line in done if line.result is not None), None)
        button = gr.DownloadButton(
            value=None if archive is None else str(archive), visible=archive is not None
        )
        good = sum(line.result is not None for line in done)
        summary = note(f"{good} of {len(done)} pictures are done.")
        return "" if first is None else split_value(first), button, lines_value(done), summary

    run.does(
        work,
        [*asked, saving.format, saving.quality],
        [shown, download, lines],
        shown,
    )


def lines_value(lines: list[Line]) -> str:
    """The outcome of each picture, for the list of the page."""
    return json.dumps(
        [
            {
                "name": line.name,
                "text": line.text,
                "view": None if line.result is None else split_view(line.result),
            }
            for line in lines
        ]
    )
