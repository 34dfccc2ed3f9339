"""Gradio's inputs for files, held to what was uploaded to this server.

Gradio itself would also fetch an address that a client names, and re-encode pictures to 8 bits.
"""

from typing import Any

import gradio as gr

from swinsr.image import FORMATS

SUFFIXES = sorted(FORMATS)


def picture_input(label: str, elem_id: str) -> gr.Image:
    """Upload, paste or webcam; handlers are given the path of the file as it came."""
    picture = gr.Image(
        label=label,
        sources=["upload", "clipboard", "webcam"],
        type="filepath",
        height=300,
        elem_id=elem_id,
        buttons=[],
        webcam_options=gr.WebcamOptions(mirror=False),
    )
    _only_uploads(picture)
    return picture


def file_input(label: str, elem_id: str | None = None, *, several: bool = False) -> gr.File:
    """One file or several; handlers are given their paths as they came."""
    files = gr.File(
        label=label,
        file_count="multiple" if several else "single",
        type="filepath",
        elem_id=elem_id,
        height=220,
    )
    _only_uploads(files)
    return files


def _only_uploads(component: Any) -> None:
    take_over = component.async_move_resource_to_block_cache

    async def move(path: Any) -> str | None:
        if str(path).lower().startswith(("http:", "https:")):
            raise gr.Error(
                "this server fetches no addresses; send the file itself.", print_exception=False
            )
        moved: str | None = await take_over(path)
        return moved

    # On the object and not in a subclass: Gradio writes a stub file beside each subclass's source.
    component.async_move_resource_to_block_cache = move
    component.preprocess = _paths


def _paths(payload: Any) -> Any:
    """The path, or paths, that the client sent."""
    if payload is None:
        return None
    several = getattr(payload, "root", payload)
    if isinstance(several, list):
        return [file.path for file in several]
    return payload.path
