"""Upscale, and Restore: one picture, before and after."""

import json
from typing import Any

import gradio as gr

from swinsr.demo.jobs import Submission
from swinsr.demo.tasks.convert import Converted
from swinsr.demo.tasks.plan import Estimate, plan
from swinsr.demo.widgets.choices import model_dropdown, read_saving, saving_choice
from swinsr.demo.widgets.page import WORK, Page, failure, note, sentence
from swinsr.demo.widgets.run import run_buttons
from swinsr.demo.widgets.source import original, picture_source
from swinsr.demo.widgets.viewer import split_value, viewer
from swinsr.demo.widgets.wishes import Wish, enlarging, restoring
from swinsr.errors import SwinsrError

_EMPTY = {
    False: "The enlarged picture appears here, with a divider between before and after.",
    True: "The restored picture appears here, with a divider between before and after.",
}
_BEGIN = note("Choose a picture, or one of the examples.")
_QUIET: dict[str, Any] = {
    "show_progress": "hidden",
    "api_visibility": "private",
    "concurrency_limit": None,
}


def build(page: Page, *, restores: bool) -> None:
    """Everything within the tab."""
    tab = "restore" if restores else "upscale"
    with gr.Row(equal_height=False, elem_classes="work"):
        with gr.Column(scale=4, min_width=320, elem_classes="choices"):
            source = picture_source(page, tab, label="Your picture")
            wishes = restoring(tab) if restores else enlarging(tab)
            run = run_buttons(page, tab, "Restore" if restores else "Upscale", hint=_BEGIN)
            less = gr.Button(
                "Take less", visible=False, size="md", elem_id=f"{tab}-less", elem_classes="less"
            )
            # In the page and not in the session, which Gradio forgets.
            offered = gr.Textbox(visible=False)
            with gr.Accordion("More", open=False, elem_classes="more"):
                model = model_dropdown(tab, restores=restores)
                saving = saving_choice(tab)
        with gr.Column(scale=7, min_width=320, elem_classes="result", elem_id=f"{tab}-result"):
            shown = viewer(_EMPTY[restores], f"{tab}-viewer", keeps=True)
    kept = gr.Textbox(visible=False)
    view = gr.Textbox(visible=False)

    def outlook(path: str | None, name: str, *values: Any) -> tuple[Any, ...]:
        """What the run would come to: button, hint, and an offer of less."""
        nothing = gr.Button(visible=False), ""
        if path is None:
            return gr.Button(interactive=False), _BEGIN, *nothing
        try:
            upload = page.shop.open(original(page.shop, path))
        except SwinsrError:
            # The line below the picture says what is wrong with it.
            return gr.Button(interactive=False), "", *nothing
        try:
            wish: Wish = wishes.read(name, *values)
            found: Estimate = plan(
                page.shop, upload, wish.model, wish.size, restores=restores, strength=wish.strength
            )
        except SwinsrError as error:
            return gr.Button(interactive=False), failure(error), *nothing
        hint = note(sentence(found.text)) if found.startable else failure(found.text)
        start = gr.Button(interactive=found.startable)
        if found.less is None:
            return start, hint, *nothing
        changes = {"model": found.less.model, "scale": found.less.scale}
        return start, hint, gr.Button(found.less.text, visible=True), json.dumps(changes)

    asked = [*source.inputs, model, *wishes.inputs]
    gr.on(
        [source.picture.change, *(part.change for part in asked[1:])],
        outlook,
        asked,
        [run.start, run.status, less, offered],
        trigger_mode="always_last",
        **_QUIET,
    )

    def take_less(changes: str) -> tuple[Any, Any]:
        wanted = json.loads(changes)
        name, scale = wanted["model"], wanted["scale"]
        return name or gr.skip(), gr.skip() if scale is None else f"{scale:g}"

    if wishes.times is not None:
        less.click(take_less, offered, [model, wishes.times], **_QUIET)

    async def work(
        path: str | None, name: str, format_name: str, quality: float, values: tuple[Any, ...],
        request: gr.Request, progress: gr.Progress,
    ) -> tuple[Any, ...]:  # fmt: skip
        def process(job: Submission) -> Converted:
            wish: Wish = wishes.read(name, *values)
            return page.shop.process(
                job, original(page.shop, path), wish.model, wish.size,
                read_saving(format_name, quality), restores=restores, strength=wish.strength,
            )  # fmt: skip

        done = await page.attempt(request, tab, process, progress)
        if done.value is None:
            return gr.skip(), gr.skip(), gr.skip(), done.hint
        value = split_value(done.value)
        size = " × ".join(map(str, done.value.size))
        return value, str(done.value.lossless), value, note(f"Done: {size} pixels.")

    # Gradio reads the handler's signature: it has to name each input.
    async def upscale(
        path: str | None, name: str, format_name: str, quality: float, kind: str, manner: str,
        times: str, number: float | None, unit: str, request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:  # fmt: skip
        values = (kind, manner, times, number, unit)
        return await work(path, name, format_name, quality, values, request, progress)

    async def restore(
        path: str | None, name: str, format_name: str, quality: float, what: str, strength: float,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:  # fmt: skip
        values = (what, strength)
        return await work(path, name, format_name, quality, values, request, progress)

    run.does(
        restore if restores else upscale,
        [*source.inputs, model, saving.format, saving.quality, *wishes.inputs],
        [shown, kept, view],
        shown,
    )

    async def save_again(
        lossless: str | None, before: str, format_name: str, quality: float, request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, Any]:  # fmt: skip
        """The same result in another format, without a second run."""
        if not lossless:
            return gr.skip(), gr.skip()

        def save(job: Submission) -> str:
            return str(page.shop.save_again(job, lossless, read_saving(format_name, quality)))

        saved = await page.attempt(request, tab, save, progress)
        if saved.value is None:
            return gr.skip(), saved.hint
        return json.dumps(json.loads(before) | {"file": saved.value}), gr.skip()

    for event in (saving.format.change, saving.quality.release):
        event(
            save_again,
            [kept, view, saving.format, saving.quality],
            [shown, run.status],
            show_progress="hidden",
            concurrency_id=WORK,
            concurrency_limit=page.shop.limits.concurrency,
            api_visibility="private",
        )
