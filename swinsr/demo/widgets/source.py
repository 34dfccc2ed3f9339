"""The picture that a visitor chose: what the page shows of it, and the file that is worked on."""

import html
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import gradio as gr

from swinsr.demo.inputs import known_formats, picture_input
from swinsr.demo.tasks.convert import Workshop
from swinsr.demo.uploads import Upload
from swinsr.demo.widgets.page import Page, failure, markup, note, sentence, told
from swinsr.errors import ImageReadError, SwinsrError
from swinsr.image import write_image
from swinsr.image.resize.pillow import resize

# What every browser shows; of other formats the page gets a copy.
_SHOWN = ("PNG", "JPEG", "WebP", "BMP")
_PREVIEW_SIDE = 1280
_PREVIEW, _NOTE = "preview.webp", "original.txt"
_CHOOSE = """
for (const button of element.querySelectorAll("button"))
  button.addEventListener("click", () => trigger("click", { index: +button.dataset.index }));
"""


def _invitation() -> str:
    return f"{known_formats()}; dropped, pasted or from the camera."


def original(shop: Workshop, path: str | None) -> str | None:
    """The file that was uploaded, where the page shows `path`, a copy of it.

    It is noted beside the copy and not in the visitor's session: Gradio forgets sessions.
    """
    if path is None or Path(path).name != _PREVIEW:
        return path
    note = Path(path).with_name(_NOTE)
    if not note.is_file():
        return path
    return shop.folder.check_inside(str(note)).read_text(encoding="utf-8")


@dataclass(frozen=True)
class PictureInput:
    """The components of one tab's picture."""

    picture: gr.Image
    info: gr.HTML

    @property
    def inputs(self) -> list[Any]:
        """For handlers: the path shown; see `original`."""
        return [self.picture]


def picture_source(page: Page, tab: str, *, label: str, always_copy: bool = False) -> PictureInput:
    """A picture input with examples, and a line that tells what was chosen.

    Args:
        page: the server.
        tab: for the names of elements.
        label: of the input.
        always_copy: show an upright 8-bit copy of every file, so that places in it are places in
            the picture.
    """
    source = PictureInput(
        picture_input(label, f"{tab}-picture"),
        markup(note(_invitation()), elem_id=f"{tab}-info", elem_classes="info"),
    )
    _examples(page, source)

    def chosen(path: str | None) -> tuple[Any, str]:
        if path is None:
            return gr.skip(), note(_invitation())
        try:
            if original(page.shop, path) != path:
                return gr.skip(), gr.skip()
            upload = page.shop.open(path)
            line = note(describe(upload))
            if upload.header.format in _SHOWN and not always_copy:
                return gr.skip(), line
            shown = preview(page.shop, upload)
        except SwinsrError as error:
            return gr.skip(), failure(error)
        return shown, line

    source.picture.change(
        chosen,
        source.inputs,
        [source.picture, source.info],
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=None,
    )
    return source


def describe(upload: Upload) -> str:
    """One line on an upload, as HTML."""
    header = upload.header
    megabytes = upload.path.stat().st_size / 1e6
    size = f"{megabytes:.1f} MB" if megabytes >= 0.1 else f"{megabytes * 1000:.0f} kB"
    return (
        f"<strong>{sentence(upload.name)}</strong>: {header.width} × {header.height} pixels, "
        f"{header.format}, {size}."
    )


def preview(shop: Workshop, upload: Upload) -> str:
    """A copy that browsers show, small enough to be quick; `original` leads back."""
    image = upload.read()
    factor = min(_PREVIEW_SIDE / max(image.height, image.width), 1.0)
    size = max(round(image.height * factor), 1), max(round(image.width * factor), 1)
    alpha = None if image.alpha is None else resize(image.alpha, *size)
    small = image.with_pixels(resize(image.pixels, *size), alpha)
    path = shop.folder.new_file(_PREVIEW)
    metadata = replace(small.metadata, exif=None, xmp=None)
    write_image(path, replace(small, metadata=metadata), quality=90)
    path.with_name(_NOTE).write_text(str(upload.path), encoding="utf-8")
    return str(path)


def _examples(page: Page, source: PictureInput) -> None:
    files = page.examples
    if not files:
        return
    buttons = "".join(
        f'<button type="button" data-index="{index}" aria-label="Example {html.escape(file.name)}" '
        f'title="{html.escape(file.name)}">'
        f'<img alt="" src="gradio_api/file={quote(file.as_posix())}"></button>'
        for index, file in enumerate(files)
    )
    choice = gr.HTML(
        html_template=f'<div class="examples"><span>Or try</span>{buttons}</div>',
        js_on_load=_CHOOSE,
        apply_default_css=False,
    )

    def chosen(event: gr.EventData) -> str:
        with told():
            index = event.index
            if index not in range(len(files)):
                raise ImageReadError("there is no such example; reload the page")
            return str(files[index])

    choice.click(
        chosen,
        None,
        source.picture,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=None,
    )
