"""Gradio's inputs for files, held to what was uploaded to this server.

Gradio itself would also fetch an address that a client names, and re-encode pictures to 8 bits.
"""

from abc import ABCMeta
from typing import Any

import gradio as gr

from swinsr.image.formats.table import ALL


def known_formats() -> str:
    """The formats of pictures that are read here, as people list them."""
    *names, last = (form.name for form in ALL.values() if not form.missing())
    return f"{', '.join(names)} or {last}"


def picture_input(label: str, elem_id: str) -> gr.Image:
    """Upload, paste or webcam; handlers are given the path of the file as it came."""
    picture: gr.Image = _Picture(
        label=label,
        sources=["upload", "clipboard", "webcam"],
        type="filepath",
        height=232,
        elem_id=elem_id,
        elem_classes="picture",
        placeholder="# Drop a picture here\nor click to choose one",
        buttons=[],
        webcam_options=gr.WebcamOptions(mirror=False),
    )
    return picture


def file_input(label: str, elem_id: str | None = None, *, several: bool = False) -> gr.File:
    """One file or several; handlers are given their paths as they came."""
    files: gr.File = _Files(
        label=label,
        file_count="multiple" if several else "single",
        type="filepath",
        elem_id=elem_id,
        elem_classes="picture",
        height=232,
    )
    return files


def _paths(self: Any, payload: Any) -> Any:
    """In place of `preprocess`: the path, or paths, that the client sent."""
    if payload is None:
        return None
    several = getattr(payload, "root", payload)
    if isinstance(several, list):
        return [file.path for file in several]
    return payload.path


def _refuse_addresses(kind: Any) -> Any:
    take_over = kind.async_move_resource_to_block_cache

    async def move(self: Any, path: Any) -> str | None:
        if str(path).lower().startswith(("http:", "https:")):
            raise gr.Error(
                "this server fetches no addresses; send the file itself", print_exception=False
            )
        moved: str | None = await take_over(self, path)
        return moved

    return move


def _only_uploads(kind: Any) -> Any:
    """A subclass; Gradio makes new objects of it for each visitor, so an object will not do.

    Not by a class statement: Gradio's metaclass would write a stub file beside this source.
    """
    name = kind.__name__.lower()
    methods = {
        "__module__": __name__,
        "preprocess": _paths,
        "async_move_resource_to_block_cache": _refuse_addresses(kind),
        "get_block_name": lambda self: name,  # the part of the page that shows it
    }
    return ABCMeta.__new__(type(kind), kind.__name__, (kind,), methods)


_Picture = _only_uploads(gr.Image)
_Files = _only_uploads(gr.File)
