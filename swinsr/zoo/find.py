"""From what a user calls a model to the file or folder that holds it."""

import difflib
from pathlib import Path

from swinsr.errors import ModelNotFoundError
from swinsr.zoo.bundled import bundled_models, weights_folder
from swinsr.zoo.published import published_models


def find_weights(name: str | Path) -> Path:
    """The weights that a model's name, a file or a folder stands for.

    A bundled name comes first, then a path.

    Args:
        name: the name of a bundled model, a weights file, or a Hugging Face folder.

    Raises:
        ModelNotFoundError: none of these; the message says what to do instead.
    """
    for model in bundled_models():
        if model.name == str(name):
            return weights_folder() / model.file
    path = Path(name).expanduser()
    if path.exists():
        return path
    for model in published_models():
        if str(name) in (model.name, model.file):
            raise ModelNotFoundError(
                f"{name} is published but not on this machine; download {model.url} "
                f"and give the file's path as the model"
            )
    known = [m.name for m in (*bundled_models(), *published_models())] + ["bicubic"]
    close = difflib.get_close_matches(str(name), known, n=1)
    hint = f"; did you mean {close[0]}?" if close else "; `swinsr models` lists the names"
    raise ModelNotFoundError(f"{name} is neither a known model nor a file or folder{hint}")
