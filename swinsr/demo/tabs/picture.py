"""Upscale, and Restore: one picture, before and after."""

from typing import Any

import gradio as gr

from swinsr.demo.catalogue import offers
from swinsr.demo.tasks.convert import Result, Size
from swinsr.demo.widgets.choices import (
    model_dropdown,
    read_saving,
    read_size,
    saving_choice,
    size_choice,
)
from swinsr.demo.widgets.page import WORK, Page, facts, markup, note, told
from swinsr.demo.widgets.source import original, picture_source
from swinsr.demo.widgets.viewer import split_value, viewer

_WELCOME = {
    False: "The enlarged picture appears here, with a divider to compare before and after.",
    True: "The restored picture appears here, with a divider to compare before and after.",
}


def build(page: Page, *, restores: bool) -> None:
    """Everything within the tab."""
    tab = "restore" if restores else "upscale"
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            source = picture_source(page, tab, label="Your picture")
            if restores:
                _tell_what_is_missing()
            size = None if restores else size_choice(tab)
            model = model_dropdown(tab, restores=restores, automatically=not restores)
            saving = saving_choice(tab)
            with gr.Row():
                start = gr.Button(
                    "Restore" if restores else "Upscale", variant="primary", elem_id=f"{tab}-start"
                )
                stop = gr.Button("Stop", variant="secondary", elem_id=f"{tab}-stop")
        with gr.Column(scale=7, min_width=320, elem_classes="result"):
            shown = viewer(_WELCOME[restores], f"{tab}-viewer")
            details = markup(elem_id=f"{tab}-details")
            download = gr.DownloadButton(
                "Download the result",
                variant="primary",
                interactive=False,
                elem_id=f"{tab}-download",
            )
    kept = gr.Textbox(visible=False)

    async def run(
        path: str | None,
        name: str | None,
        format_name: str,
        quality: float,
        request: gr.Request,
        progress: gr.Progress,
        wanted: Size,
    ) -> tuple[Any, ...]:
        with told():
            how = read_saving(format_name, quality)
        result = await page.work(
            request,
            tab,
            lambda job: page.shop.process(
                job, original(page.shop, path), name or "", wanted, how, restores=restores
            ),
            progress,
        )
        return (
            split_value(result),
            result_facts(result),
            gr.DownloadButton(value=str(result.file), interactive=True),
            str(result.lossless),
        )

    async def run_upscale(
        path: str | None, name: str, format_name: str, quality: float,
        kind: str, number: float | None, request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:  # fmt: skip
        with told():
            wanted = read_size(kind, number)
        return await run(path, name, format_name, quality, request, progress, wanted)

    async def run_restore(
        path: str | None, name: str, format_name: str, quality: float,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:  # fmt: skip
        return await run(path, name, format_name, quality, request, progress, Size())

    sizes = [] if size is None else [size.kind, size.number]
    running = start.click(
        run_restore if restores else run_upscale,
        [*source.inputs, model, saving.format, saving.quality, *sizes],
        [shown, details, download, kept],
        show_progress_on=[shown],
        concurrency_id=WORK,
        concurrency_limit=page.shop.limits.concurrency,
        api_visibility="private",
    )
    stop.click(
        page.stopper(tab),
        None,
        details,
        cancels=[running],
        queue=False,
        api_visibility="private",
    )

    async def save_again(
        lossless: str | None, format_name: str, quality: float, request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> Any:  # fmt: skip
        if not lossless:
            return gr.skip()
        with told():
            how = read_saving(format_name, quality)
        work = page.work(
            request,
            tab,
            lambda job: page.shop.save_again(job, lossless, how),
            progress,
        )
        return gr.DownloadButton(value=str(await work), interactive=True)

    for event in (saving.format.change, saving.quality.release):
        event(
            save_again,
            [kept, saving.format, saving.quality],
            download,
            show_progress="hidden",
            concurrency_id=WORK,
            concurrency_limit=page.shop.limits.concurrency,
            api_visibility="private",
        )


def result_facts(result: Result) -> str:
    """What was done, as HTML."""
    before, after = (f"{width} × {height}" for width, height in (result.source, result.size))
    rows = {
        "Before": f"{before} pixels",
        "After": f"{after} pixels",
        "Time": f"{result.seconds:.1f} s",
        "Model": result.model,
    }
    double = {"Computed with": result.engine, "File": result.file.name}
    wide = {"Please note": ". ".join(result.notes)} if result.notes else {}
    return facts(rows, double, wide)


def _tell_what_is_missing() -> None:
    if any(
        offer.restores and offer.entry is not None and not offer.entry.url for offer in offers()
    ):
        return
    markup(
        note(
            "No model that restores is included in this version: choose one of the authors' "
            "models below, which is downloaded when it is first used."
        ),
        elem_id="restore-missing",
    )
