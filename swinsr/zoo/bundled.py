"""The weights that travel with the program, in a wheel and in a source tree alike."""

import functools
import json
from pathlib import Path

from swinsr.errors import ModelNotFoundError
from swinsr.zoo.entry import Damage, ModelEntry

_PACKAGE = Path(__file__).resolve().parents[1]


@functools.cache
def weights_folder() -> Path:
    """The folder of bundled weights.

    Raises:
        ModelNotFoundError: the installation has none.
    """
    # Inside the package where a wheel put it; beside the package in a source tree.
    for folder in (_PACKAGE / "weights", _PACKAGE.parent / "weights"):
        if (folder / "manifest.json").is_file():
            return folder
    raise ModelNotFoundError(
        "the weights that ship with swinsr are missing from this installation; "
        "reinstall it, or name a weights file with --model"
    )


@functools.cache
def bundled_models() -> tuple[ModelEntry, ...]:
    """Every model that ships, as its manifest lists it."""
    manifest = json.loads((weights_folder() / "manifest.json").read_text(encoding="utf-8"))
    return tuple(ModelEntry(**model) for model in manifest["models"])


def default_model(scale: float, *, fast: bool = False, damage: Damage = "none") -> ModelEntry:
    """The bundled model for an enlargement: the smallest scale that reaches it, or the largest.

    Args:
        scale: factor of enlargement asked for, at least 1.
        fast, damage: as for `models_by_scale`.
    """
    candidates = [model for _, model in sorted(models_by_scale(fast=fast, damage=damage).items())]
    return next((m for m in candidates if m.scale >= scale), candidates[-1])


def crisp_model() -> ModelEntry:
    """The bundled model for those who want crispness over faithfulness.

    Raises:
        ModelNotFoundError: none ships.
    """
    for model in bundled_models():
        if model.faithful is not None:
            return model
    raise ModelNotFoundError("no crisp network ships with this installation; leave --sharpness out")


def models_by_scale(*, fast: bool = False, damage: Damage = "none") -> dict[int, ModelEntry]:
    """The bundled models that enlarge, one a scale.

    Args:
        fast: the quicker one of each scale, where there is one.
        damage: those for pictures that have been through so much; for a scale without one the
            next milder.
    """
    bundled = [m for m in bundled_models() if m.scale > 1]
    slight = {m.scale: m for m in bundled if m.damage == "slight"}
    if damage == "heavy":
        slight |= {m.scale: m for m in bundled if m.damage == "heavy"}
    if damage != "none" and slight:
        return slight
    chosen = {m.scale: m for m in bundled if m.default}
    return chosen | {m.scale: m for m in bundled if fast and m.fast}
