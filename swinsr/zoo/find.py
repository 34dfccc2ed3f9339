"""From what a user calls a model to the file or folder that holds it."""

import difflib
from contextlib import suppress
from os import PathLike
from pathlib import Path

from swinsr.errors import ModelNotFoundError, OptionTypeError
from swinsr.zoo.bundled import bundled_models, weights_folder
from swinsr.zoo.cache import cached_path
from swinsr.zoo.entry import ModelEntry
from swinsr.zoo.hub import hub_folder, is_hub_id
from swinsr.zoo.published import published_models


def find_weights(name: str | PathLike[str]) -> Path:
    """The weights that a model's name, a file or a folder stands for.

    A bundled name comes first, then a path, then a published name or file name that was
    downloaded, then the id of a model on the Hugging Face Hub, which is downloaded.

    Args:
        name: the name of a model, a weights file, a Hugging Face folder, or an id such as
            "caidas/swin2SR-classical-sr-x2-64".

    Raises:
        ModelNotFoundError: none of these; the message says what to do instead.
        DownloadError: a model on the Hub that cannot be fetched.
        OptionTypeError: neither a text nor a path.
    """
    if not isinstance(name, str | PathLike):
        raise OptionTypeError(f"a model is a name or a path, not {type(name).__name__}")
    for model in bundled_models():
        if model.name == str(name):
            return weights_folder() / model.file
    if not str(name):
        raise ModelNotFoundError("the model's name is empty; `swinsr models` lists the names")
    # `exists` raises where a name is too long or a folder may not be entered, and `expanduser`
    # where there is no such user; then it is a name like any other.
    with suppress(OSError, RuntimeError):
        path = Path(name).expanduser()
        path.stat()
        return path
    entry = find_published(str(name))
    if entry is not None:
        cached = cached_path(entry)
        if cached is not None:
            return cached
        size = f" ({entry.bytes / 1e6:.0f} MB)" if entry.bytes else ""
        raise ModelNotFoundError(
            f"{name} is published but not on this machine; `swinsr models download {entry.name}` "
            f"gets it{size}, or download {entry.url} and give the file's path as the model"
        )
    if is_hub_id(str(name)):
        return hub_folder(str(name))
    known = [m.name for m in (*bundled_models(), *published_models())] + ["bicubic"]
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f"; did you mean {close[0]}?" if close else "; `swinsr models` lists the names"
    raise ModelNotFoundError(f"{name} is neither a known model nor a file or folder{hint}")


def find_published(name: str) -> ModelEntry | None:
    """The published model of this name or file name, or None."""
    return next((m for m in published_models() if name in (m.name, m.file)), None)
