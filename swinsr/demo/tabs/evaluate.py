"""Evaluate: a good picture made worse, restored, and scored."""

import math
from typing import Any

import gradio as gr

from swinsr.demo.tasks.scoring import Scored, run_scoring
from swinsr.demo.widgets.choices import model_dropdown
from swinsr.demo.widgets.page import WORK, Page, cell, markup, note, sentence, table
from swinsr.demo.widgets.source import original, picture_source
from swinsr.demo.widgets.viewer import grid_value, viewer
from swinsr.image import probe_image


def build(page: Page) -> None:
    """Everything within the tab."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            markup(
                note(
                    "Takes a good picture, makes a poor one of it, lets a model bring it back, and "
                    "tells how near it came: <strong>PSNR</strong> in decibels (more is better; 1 "
                    "dB is visible) and <strong>SSIM</strong> (1 is identical)."
                )
            )
            source = picture_source(page, "evaluate", label="A good picture")
            model = model_dropdown("evaluate", restores=None)
            scale = gr.Radio([2, 3, 4, 8], value=4, label="Reduce, then enlarge, by")
            with gr.Row():
                start = gr.Button("Evaluate", variant="primary", elem_id="evaluate-start")
                stop = gr.Button("Stop", elem_id="evaluate-stop")
        with gr.Column(scale=7, min_width=320, elem_classes="result"):
            scores = markup(elem_id="evaluate-scores")
            shown = viewer(
                "The pictures and maps of their differences appear here.", "evaluate-viewer"
            )

    async def run(
        path: str | None, name: str, times: int, request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:  # fmt: skip
        found = await page.work(
            request,
            "evaluate",
            lambda job: run_scoring(page.shop, job, original(page.shop, path), name, int(times)),
            progress,
        )
        header = probe_image(found.panels[0].file)
        return scores_table(found), grid_value(found.panels, (header.width, header.height))

    running = start.click(
        run,
        [*source.inputs, model, scale],
        [scores, shown],
        show_progress_on=[shown],
        concurrency_id=WORK,
        concurrency_limit=page.shop.limits.concurrency,
        api_visibility="private",
    )
    stop.click(
        page.stopper("evaluate"),
        None,
        scores,
        cancels=[running],
        queue=False,
        api_visibility="private",
    )


def scores_table(found: Scored) -> str:
    """The scores as HTML, the best last as they come."""
    rows = [
        [
            cell(score.name, "name"),
            cell("identical" if math.isinf(score.psnr) else f"{score.psnr:.2f} dB", "number"),
            cell(f"{score.ssim:.4f}", "number"),
            cell(f"{score.seconds:.2f} s", "number"),
        ]
        for score in found.scores
    ]
    text = f"The picture was {sentence(found.made_worse)}; measured on {found.measured_on}."
    return note(text) + table(["Model", "PSNR", "SSIM", "Time"], rows)
