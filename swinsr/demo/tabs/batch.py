"""Batch: many pictures, one archive."""

from typing import Any

import gradio as gr

from swinsr.demo.inputs import file_input
from swinsr.demo.tasks.batch import Line, run_batch
from swinsr.demo.widgets.choices import (
    model_dropdown,
    read_saving,
    read_size,
    saving_choice,
    size_choice,
)
from swinsr.demo.widgets.page import WORK, Page, cell, markup, note, table, told


def build(page: Page) -> None:
    """Everything within the tab."""
    limits = page.shop.limits
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            files = file_input(
                f"Your pictures, at most {limits.max_files}", "batch-files", several=True
            )
            size = size_choice("batch")
            model = model_dropdown("batch")
            saving = saving_choice("batch")
            with gr.Row():
                start = gr.Button("Upscale all", variant="primary", elem_id="batch-start")
                stop = gr.Button("Stop", elem_id="batch-stop")
        with gr.Column(scale=7, min_width=320, elem_classes="result"):
            lines = markup(
                note("One line for each picture appears here. A picture that cannot be read does "
                     "not stop the others."),
                elem_id="batch-lines",
            )  # fmt: skip
            download = gr.DownloadButton(
                "Download all (zip)", variant="primary", interactive=False, elem_id="batch-download"
            )

    async def run(
        paths: list[str] | None, name: str, kind: str, number: float | None, format_name: str,
        quality: float, request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:  # fmt: skip
        with told():
            wanted, how = read_size(kind, number), read_saving(format_name, quality)
        archive, done = await page.work(
            request,
            "batch",
            lambda job: run_batch(page.shop, job, paths or [], name, wanted, how),
            progress,
        )
        value = None if archive is None else str(archive)
        return lines_table(done), gr.DownloadButton(value=value, interactive=archive is not None)

    running = start.click(
        run,
        [files, model, size.kind, size.number, saving.format, saving.quality],
        [lines, download],
        show_progress_on=[lines],
        concurrency_id=WORK,
        concurrency_limit=limits.concurrency,
        api_visibility="private",
    )
    stop.click(
        page.stopper("batch"),
        None,
        lines,
        cancels=[running],
        queue=False,
        api_visibility="private",
    )


def lines_table(lines: list[Line]) -> str:
    """What became of each picture, as HTML."""
    failed = sum(line.result is None for line in lines)
    rows = [
        [
            cell(line.name),
            cell("done", "here") if line.result else cell("failed", "failed"),
            cell(line.text),
        ]
        for line in lines
    ]
    summary = f"{len(lines) - failed} of {len(lines)} pictures are done."
    return note(summary) + table(["Picture", "Result", "Details"], rows)
