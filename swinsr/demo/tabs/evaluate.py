"""Evaluate: a good picture made worse, restored, and scored."""

import math
from typing import Any

import gradio as gr

from swinsr.demo.jobs import Submission
from swinsr.demo.tasks.scoring import Scored, run_scoring
from swinsr.demo.widgets.choices import model_dropdown, segments
from swinsr.demo.widgets.page import Page, cell, markup, note, sentence, table
from swinsr.demo.widgets.run import run_buttons
from swinsr.demo.widgets.source import original, picture_source
from swinsr.demo.widgets.viewer import grid_value, viewer
from swinsr.image import probe_image

_BEGIN = note("Choose a good picture, or one of the examples.")


def build(page: Page) -> None:
    """Everything within the tab."""
    with gr.Row(equal_height=False, elem_classes="work"):
        with gr.Column(scale=4, min_width=320, elem_classes="choices"):
            source = picture_source(page, "evaluate", label="A good picture")
            scale = segments(
                [("2×", 2), ("3×", 3), ("4×", 4), ("8×", 8)], 4, "Reduce, then enlarge, by",
                "evaluate-size",
            )  # fmt: skip
            run = run_buttons(page, "evaluate", "Evaluate", hint=_BEGIN)
            with gr.Accordion("More", open=False, elem_classes="more"):
                model = model_dropdown("evaluate", restores=None)
        with gr.Column(scale=7, min_width=320, elem_classes="result", elem_id="evaluate-result"):
            scores = markup(elem_id="evaluate-scores")
            shown = viewer(
                "A good picture is made worse, brought back by a network, and compared with "
                "itself: PSNR in decibels (more is better, 1 dB is visible) and SSIM (1 is "
                "identical).",
                "evaluate-viewer",
            )

    source.picture.change(
        lambda path: (
            gr.Button(interactive=path is not None),
            _BEGIN if path is None else note("Takes some seconds."),
        ),
        source.picture,
        [run.start, run.status],
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=None,
    )

    async def work(
        path: str | None, name: str, times: int, request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:  # fmt: skip
        def score(job: Submission) -> Scored:
            return run_scoring(page.shop, job, original(page.shop, path), name, int(times))

        done = await page.attempt(request, "evaluate", score, progress)
        if done.value is None:
            return gr.skip(), gr.skip(), done.hint
        header = probe_image(done.value.panels[0].file)
        shape = header.width, header.height
        panels = grid_value(done.value.panels, shape, pairs=True)
        return panels, scores_table(done.value), note("Done.")

    run.does(work, [*source.inputs, model, scale], [shown, scores], shown)


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
    return table(["Model", "PSNR", "SSIM", "Time"], rows) + note(text)
