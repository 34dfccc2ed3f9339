"""Compare: two to four models on one piece of a picture."""

from typing import Any

import gradio as gr

from swinsr.demo.catalogue import automatic
from swinsr.demo.tasks.compare import MOST, run_comparison
from swinsr.demo.widgets.choices import model_choices
from swinsr.demo.widgets.page import WORK, Page, markup, note
from swinsr.demo.widgets.source import original, picture_source
from swinsr.demo.widgets.viewer import grid_value, viewer
from swinsr.image import probe_image


def build(page: Page) -> None:
    """Everything within the tab."""
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            source = picture_source(
                page, "compare", label="Your picture: click the place to compare", always_copy=True
            )
            models = gr.Dropdown(
                model_choices(restores=None, automatically=False),
                value=["bicubic", automatic(4)],
                multiselect=True,
                max_choices=MOST,
                label="Two to four models",
                elem_id="compare-models",
            )
            scale = gr.Slider(1, 8, value=4, step=1, label="Times as large")
            side = gr.Slider(32, 512, value=96, step=16, label="Size of the piece in pixels")
            with gr.Row():
                across = gr.Slider(0, 100, value=50, step=1, label="Across, %", min_width=140)
                down = gr.Slider(0, 100, value=50, step=1, label="Down, %", min_width=140)
            with gr.Row():
                start = gr.Button("Compare", variant="primary", elem_id="compare-start")
                stop = gr.Button("Stop", elem_id="compare-stop")
        with gr.Column(scale=7, min_width=320, elem_classes="result"):
            shown = viewer("The models' results appear here, side by side.", "compare-viewer")
            status = markup(elem_id="compare-status")

    def place(path: str | None, event: gr.SelectData) -> tuple[float, float]:
        if path is None:
            return 50, 50
        header = probe_image(page.shop.folder.check_inside(path))
        x, y = event.index[0] / header.width, event.index[1] / header.height
        return round(min(max(x, 0), 1) * 100), round(min(max(y, 0), 1) * 100)

    source.picture.select(
        place,
        source.picture,
        [across, down],
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=None,
    )

    async def run(
        path: str | None, names: list[str], times: float, pixels: float,
        x: float, y: float, request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:  # fmt: skip
        panels = await page.work(
            request,
            "compare",
            lambda job: run_comparison(
                page.shop, job, original(page.shop, path), names, times, (x / 100, y / 100),
                int(pixels),
            ),
            progress,
        )  # fmt: skip
        header = probe_image(panels[0].file)
        text = "All pictures show the same part: zoom or drag one of them."
        return grid_value(panels, (header.width, header.height)), note(text)

    running = start.click(
        run,
        [*source.inputs, models, scale, side, across, down],
        [shown, status],
        show_progress_on=[shown],
        concurrency_id=WORK,
        concurrency_limit=page.shop.limits.concurrency,
        api_visibility="private",
    )
    stop.click(
        page.stopper("compare"),
        None,
        status,
        cancels=[running],
        queue=False,
        api_visibility="private",
    )
