"""Choices that several tabs offer: models, sizes, formats, and how they are read back."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from swinsr.demo.catalogue import (
    AUTOMATIC,
    BASELINES,
    CRISP,
    KINDS,
    Offer,
    automatic,
    crisp_models,
    offers,
)
from swinsr.demo.tasks.choose import Saving, WantedSize
from swinsr.demo.widgets.page import markup, note, sentence
from swinsr.errors import ConfigError

AS_ORIGINAL = "original"
FORMATS = [
    ("As the original, without loss", AS_ORIGINAL),
    ("PNG (no loss)", "PNG"),
    ("TIFF (no loss)", "TIFF"),
    ("JPEG (small)", "JPEG"),
    ("WebP (small)", "WebP"),
    ("BMP (no loss, large)", "BMP"),
]
LOSSY = ("JPEG", "WebP")
OTHER = "other"
TIMES = [("2×", "2"), ("3×", "3"), ("4×", "4"), ("Other", OTHER)]
UNITS = [("pixels wide", "width"), ("pixels high", "height"), ("times as large", "factor")]
# What the number is at first, by its unit.
_NUMBERS = {"width": 1920, "height": 1080, "factor": 8}
FAITHFUL = "faithful"


def segments(choices: list[Any], value: Any, label: str, elem_id: str, **more: Any) -> gr.Radio:
    """A few choices side by side, all of them seen."""
    return gr.Radio(
        choices, value=value, label=label, elem_id=elem_id, elem_classes="segments", **more
    )


@dataclass(frozen=True)
class KindChoice:
    """Components that choose what a picture is; `manner` is seen only where there is a choice."""

    kind: gr.Radio
    manner: gr.Radio


def kind_choice(tab: str) -> KindChoice:
    """What the picture is, in plain words."""
    kinds = [(text, name) for name, text in KINDS.items() if name != CRISP]
    return KindChoice(
        segments(kinds, AUTOMATIC, "What is it?", f"{tab}-kind"),
        segments(
            [("Faithful", FAITHFUL), ("Crisp", CRISP)], FAITHFUL, "The result", f"{tab}-manner",
            visible=bool(crisp_models()),
        ),
    )  # fmt: skip


def read_kind(kind: str, manner: str | None, model: str | None) -> str:
    """The kind, or a model's name where one was named: `model` is `AUTOMATIC` to leave it open."""
    if model not in (None, "", AUTOMATIC):
        return str(model)
    return CRISP if manner == CRISP else kind


def model_choices(
    *, restores: bool | None = False, automatically: bool = True, brief: bool = False
) -> list[Any]:
    """(label, name) of the models for a dropdown; `brief` shows the names alone.

    Args:
        restores: True for models that restore, False for those that enlarge, None for all.
        automatically: whether the choice may be left to the program.
    """
    found = [o for o in offers() if restores is None or o.restores == restores]
    first = [("Whichever suits the picture", AUTOMATIC)] if automatically else []
    return first + [(offer.name if brief else offer.label, offer.name) for offer in found]


def model_dropdown(
    tab: str, *, restores: bool | None = False, label: str = "Model", automatically: bool = True
) -> gr.Dropdown:
    """A list of models with a card that tells about the chosen one."""
    choices = model_choices(restores=restores, automatically=automatically)
    dropdown = gr.Dropdown(
        choices,
        value=choices[0][1] if choices else None,
        label=label,
        elem_id=f"{tab}-model",
    )
    card = markup(
        model_card(choices[0][1] if choices else "", restores=bool(restores)), elem_id=f"{tab}-card"
    )
    dropdown.change(
        lambda name: model_card(name, restores=bool(restores)),
        dropdown,
        card,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=None,
    )
    return dropdown


def model_card(name: str, *, restores: bool = False) -> str:
    """What is good to know before a model is chosen, as HTML."""
    if name == AUTOMATIC and restores:
        return note("The included model for what is wrong with the picture. It works offline.")
    if name == AUTOMATIC:
        names = ", ".join(f"{automatic(n)} up to {n} times" for n in (2, 3))
        return note(
            f"For a clean picture {sentence(names)} and {sentence(automatic(4))} beyond; what was "
            "once a JPEG, is noisy or soft goes to one that was trained on such pictures. All are "
            "included and work offline."
        )
    offer = next((offer for offer in offers() if offer.name == name), None)
    if offer is None:
        return ""
    return note(" ".join(card_sentences(offer)))


def card_sentences(offer: Offer) -> list[str]:
    """The same, as sentences of HTML."""
    if offer.entry is None:
        return [f"{offer.name.capitalize()}: {BASELINES[offer.name]}. No network is used."]
    entry = offer.entry
    scale = "Keeps the size." if entry.scale == 1 else f"Enlarges by {entry.scale} at a time."
    return [
        f"<strong>{sentence(entry.name)}</strong>: {sentence(entry.summary)}",
        scale,
        f"Licence {sentence(entry.licence)}, {offer.place}.",
    ]


@dataclass(frozen=True)
class SavingChoice:
    """Components that choose the format."""

    format: gr.Dropdown
    quality: gr.Slider


def saving_choice(tab: str) -> SavingChoice:
    """Format and, where it matters, quality."""
    choice = SavingChoice(
        gr.Dropdown(FORMATS, value=AS_ORIGINAL, label="Save as", elem_id=f"{tab}-format"),
        gr.Slider(1, 100, value=95, step=1, label="Quality", visible=False),
    )
    choice.format.change(
        lambda name: gr.Slider(visible=name in LOSSY),
        choice.format,
        choice.quality,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=None,
    )
    return choice


def read_saving(name: str | None, quality: float | None) -> Saving:
    """What the components, or a client of the API, chose.

    Raises:
        ConfigError: a format that is not offered, or a quality that is not 1 to 100.
    """
    names = [value for _, value in FORMATS]
    if name not in (None, "", *names):
        raise ConfigError(f"{str(name)[:40]!r} is no format; choose from {', '.join(names)}")
    whole = int(95 if quality is None else quality)
    if not 1 <= whole <= 100:
        raise ConfigError(f"the quality is 1 to 100, not {whole}")
    return Saving(None if name in (None, "", AS_ORIGINAL) else name, whole)


@dataclass(frozen=True)
class SizeChoice:
    """Components that choose the size."""

    times: gr.Radio
    number: gr.Number
    unit: gr.Dropdown

    @property
    def inputs(self) -> list[Any]:
        """For handlers: see `read_size`."""
        return [self.times, self.number, self.unit]


def size_choice(tab: str) -> SizeChoice:
    """A factor, or a number of another unit."""
    times = segments(TIMES, "4", "How large?", f"{tab}-size")
    with gr.Row(visible=False, elem_classes="inline") as row:
        number = gr.Number(
            value=_NUMBERS["width"], label="Size", elem_id=f"{tab}-number", min_width=96
        )
        unit = gr.Dropdown(
            UNITS, value="width", label="Unit", elem_id=f"{tab}-unit", filterable=False,
            min_width=160,
        )  # fmt: skip
    quick: dict[str, Any] = {
        "show_progress": "hidden",
        "api_visibility": "private",
        "concurrency_limit": None,
    }
    times.change(lambda chosen: gr.Row(visible=chosen == OTHER), times, row, **quick)
    unit.input(lambda chosen: _NUMBERS[chosen], unit, number, **quick)
    return SizeChoice(times, number, unit)


def read_size(times: str, number: float | None, unit: str) -> WantedSize:
    """What the components chose.

    Raises:
        ConfigError: the number is missing.
    """
    if times != OTHER:
        return WantedSize(scale=float(times))
    if number is None:
        raise ConfigError("give a number for the size")
    if unit == "factor":
        return WantedSize(scale=number)
    return WantedSize(width=number) if unit == "width" else WantedSize(height=number)
