"""What a visitor wishes of one picture: choices of Upscale and Restore."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from swinsr.demo.catalogue import AUTOMATIC, restorer_name
from swinsr.demo.tasks.choose import WantedSize
from swinsr.demo.widgets.choices import (
    kind_choice,
    read_kind,
    read_size,
    segments,
    size_choice,
)
from swinsr.errors import ConfigError

_DAMAGE = [("Noise or grain", "denoise"), ("JPEG blocks", "jpeg")]


@dataclass(frozen=True)
class Wish:
    """Arguments of `Workshop.process`."""

    model: str
    size: WantedSize
    strength: float = 1.0


@dataclass(frozen=True)
class Wishes:
    """Components, and `read`: given a model's name and their values, the wish.

    Attributes:
        inputs: the components.
        read: raises SwinsrError for what is missing or wrong.
        times: the component that chooses the factor, where there is one.
    """

    inputs: list[Any]
    read: Callable[..., Wish]
    times: gr.Radio | None = None


def enlarging(tab: str) -> Wishes:
    """What it is, and how large it becomes."""
    kind = kind_choice(tab)
    size = size_choice(tab)

    def read(
        model: str | None, what: str, manner: str, times: str, number: float | None, unit: str
    ) -> Wish:
        return Wish(read_kind(what, manner, model), read_size(times, number, unit))

    return Wishes([kind.kind, kind.manner, *size.inputs], read, size.times)


def restoring(tab: str) -> Wishes:
    """What is wrong with it, and how much of the restoration is taken."""
    what = segments(_DAMAGE, "denoise", "What is wrong?", f"{tab}-what")
    strength = gr.Slider(
        0, 100, value=100, step=5, label="Strength, %", elem_id=f"{tab}-strength",
        info="100 takes all of it out; less leaves some of the grain.",
    )  # fmt: skip

    def read(model: str | None, damage: str, percent: float | None) -> Wish:
        if percent is None:
            raise ConfigError("give a strength, 0 to 100")
        named = model not in (None, "", AUTOMATIC)
        name = str(model) if named else restorer_name(damage)
        return Wish(name, WantedSize(), percent / 100)

    return Wishes([what, strength], read)
