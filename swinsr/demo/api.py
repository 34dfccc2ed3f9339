"""The named endpoints for programs; docs/demo.md documents them, and they stay as they are."""

from typing import Any

import gradio as gr

from swinsr.demo.catalogue import AUTOMATIC, list_models
from swinsr.demo.inputs import file_input
from swinsr.demo.tasks.choose import Saving, WantedSize
from swinsr.demo.tasks.convert import Converted
from swinsr.demo.widgets.choices import AS_ORIGINAL, read_saving
from swinsr.demo.widgets.page import WORK, Page, told


def build(page: Page) -> None:
    """Endpoints on components that the page does not show."""
    limit = page.shop.limits.concurrency
    with gr.Row(visible=False):
        picture = file_input("picture")
        file = gr.File(label="file")
        details = gr.JSON(label="details")
        model = gr.Textbox(AUTOMATIC, label="model")
        scale, width, height = (gr.Number(label=name) for name in ("scale", "width", "height"))
        kind = gr.Textbox(AS_ORIGINAL, label="format")
        quality = gr.Number(95, label="quality")
        button = gr.Button()

    async def process(
        picture: str | None, model: str, size: WantedSize, saving: Saving, restores: bool,
        request: gr.Request, progress: gr.Progress,
    ) -> tuple[str, dict[str, Any]]:  # fmt: skip
        with told():
            result = await page.work(
                request,
                "api",
                lambda job: page.shop.process(
                    job, picture, model, size, saving, restores=restores, shown=False
                ),
                progress,
            )
        return str(result.file), result_details(result)

    async def upscale(
        picture: str | None, model: str = AUTOMATIC, scale: float | None = None,
        width: float | None = None, height: float | None = None, format: str = AS_ORIGINAL,
        quality: float = 95, request: gr.Request = None,  # type: ignore[assignment]
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[str, dict[str, Any]]:  # fmt: skip
        with told():
            saving = read_saving(format, quality)
        size = WantedSize(scale, width, height)
        return await process(picture, model or AUTOMATIC, size, saving, False, request, progress)

    async def restore(
        picture: str | None, model: str, format: str = AS_ORIGINAL, quality: float = 95,
        request: gr.Request = None,  # type: ignore[assignment]
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[str, dict[str, Any]]:  # fmt: skip
        with told():
            saving = read_saving(format, quality)
        return await process(picture, model, WantedSize(), saving, True, request, progress)

    button.click(
        upscale,
        [picture, model, scale, width, height, kind, quality],
        [file, details],
        api_name="upscale",
        api_description="Enlarge a picture. Returns the file and what was done. Of scale, width "
        "and height give at most one; without any the model's own scale is taken.",
        concurrency_id=WORK,
        concurrency_limit=limit,
    )
    button.click(
        restore,
        [picture, gr.Textbox(label="model", visible=False), kind, quality],
        [file, details],
        api_name="restore",
        api_description="Remove noise or JPEG blocks with a model that keeps the size. Returns "
        "the file and what was done.",
        concurrency_id=WORK,
        concurrency_limit=limit,
    )
    button.click(
        list_models,
        None,
        gr.JSON(label="models", visible=False),
        api_name="models",
        api_description="Every model: name, task, scale, licence, bytes and whether it is here.",
        concurrency_limit=None,
    )


def result_details(result: Converted) -> dict[str, Any]:
    """What the API tells about a result."""
    return {
        "name": result.file.name,
        "model": result.model,
        "input_size": list(result.source),
        "output_size": list(result.size),
        "seconds": round(result.seconds, 3),
        "engine": result.engine,
        "notes": list(result.notes),
    }
