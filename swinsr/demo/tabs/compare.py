"""Compare: two to four models on one piece of a picture."""

from typing import Any

import gradio as gr

from swinsr.demo.catalogue import automatic
from swinsr.demo.jobs import Submission
from swinsr.demo.tasks.compare import FEWEST, MOST, Panel, run_comparison
from swinsr.demo.widgets.choices import model_choices, segments
from swinsr.demo.widgets.page import Page, note
from swinsr.demo.widgets.run import run_buttons
from swinsr.demo.widgets.source import original, picture_source
from swinsr.demo.widgets.viewer import grid_value, viewer
from swinsr.image import probe_image

_BEGIN = note("Choose a picture, or one of the examples.")
_QUIET: dict[str, Any] = {
    "show_progress": "hidden",
    "api_visibility": "private",
    "concurrency_limit": None,
}


def build(page: Page) -> None:
    """Everything within the tab."""
    with gr.Row(equal_height=False, elem_classes="work"):
        with gr.Column(scale=4, min_width=320, elem_classes="choices"):
            source = picture_source(
                page, "compare", label="Your picture: press the place to compare", always_copy=True
            )
            models = gr.Dropdown(
                model_choices(restores=None, automatically=False, brief=True),
                value=["bicubic", automatic(4)],
                multiselect=True,
                max_choices=MOST,
                label="Two to four models",
                elem_id="compare-models",
            )
            scale = segments(
                [("2×", 2), ("3×", 3), ("4×", 4), ("8×", 8)], 4, "How large?", "compare-size"
            )
            run = run_buttons(page, "compare", "Compare", hint=_BEGIN)
            with gr.Accordion("More", open=False, elem_classes="more"):
                side = gr.Slider(32, 512, value=96, step=16, label="Size of the piece in pixels")
                with gr.Row():
                    across = gr.Slider(0, 100, value=50, step=1, label="Across, %", min_width=140)
                    down = gr.Slider(0, 100, value=50, step=1, label="Down, %", min_width=140)
        with gr.Column(scale=7, min_width=320, elem_classes="result", elem_id="compare-result"):
            shown = viewer("The models' results appear here, side by side.", "compare-viewer")

    def place(path: str | None, event: gr.SelectData) -> tuple[float, float]:
        if path is None:
            return 50, 50
        header = probe_image(page.shop.folder.check_inside(path))
        x, y = event.index[0] / header.width, event.index[1] / header.height
        return round(min(max(x, 0), 1) * 100), round(min(max(y, 0), 1) * 100)

    def outlook(path: str | None, names: list[str], x: float, y: float) -> tuple[Any, str]:
        if path is None:
            return gr.Button(interactive=False), _BEGIN
        if len(names) < FEWEST:
            return gr.Button(interactive=False), note("Choose at least two models.")
        return gr.Button(interactive=True), note(
            f"Compares a piece at {x:g} % across and {y:g} % down; press the picture to move it."
        )

    source.picture.select(place, source.picture, [across, down], **_QUIET)
    gr.on(
        [source.picture.change, models.change, across.change, down.change],
        outlook,
        [source.picture, models, across, down],
        [run.start, run.status],
        trigger_mode="always_last",
        **_QUIET,
    )

    async def work(
        path: str | None, names: list[str], times: float, pixels: float,
        x: float, y: float, request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:  # fmt: skip
        def compare(job: Submission) -> list[Panel]:
            return run_comparison(
                page.shop, job, original(page.shop, path), names, times, (x / 100, y / 100),
                int(pixels),
            )  # fmt: skip

        done = await page.attempt(request, "compare", compare, progress)
        if done.value is None:
            return gr.skip(), done.hint
        header = probe_image(done.value[0].file)
        text = "All pictures show the same part: zoom or drag one of them."
        return grid_value(done.value, (header.width, header.height)), note(text)

    run.does(work, [*source.inputs, models, scale, side, across, down], [shown], shown)
