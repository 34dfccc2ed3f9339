"""Choices that several tabs offer: models, sizes, formats, and how they are read back."""

from dataclasses import dataclass
from typing import Any

import gradio as gr

from swinsr.demo.catalogue import AUTOMATIC, BASELINES, Offer, automatic, offers
from swinsr.demo.tasks.convert import Saving, Size
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
SIZES = [
    ("2 times as large", "2"),
    ("3 times as large", "3"),
    ("4 times as large", "4"),
    ("8 times as large", "8"),
    ("Another factor…", "factor"),
    ("To a width in pixels…", "width"),
    ("To a height in pixels…", "height"),
]


def model_choices(*, restores: bool | None = False, automatically: bool = True) -> list[Any]:
    """(label, name) of the models for a dropdown.

    Args:
        restores: True for models that restore, False for those that enlarge, None for all.
        automatically: whether the choice may be left to the program.
    """
    found = [o for o in offers() if restores is None or o.restores == restores]
    first = [("Automatic (included)", AUTOMATIC)] if automatically else []
    return first + [(offer.label, offer.name) for offer in found]


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
    card = markup(model_card(choices[0][1] if choices else ""), elem_id=f"{tab}-card")
    dropdown.change(
        model_card,
        dropdown,
        card,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=None,
    )
    return dropdown


def model_card(name: str) -> str:
    """What is good to know before a model is chosen, as HTML."""
    if name == AUTOMATIC:
        four = automatic(4)
        return note(
            f"Takes <strong>{sentence(automatic(2))}</strong> up to 2 times and "
            f"<strong>{sentence(four)}</strong> beyond. Both are included and work offline."
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
        raise ConfigError(f"{str(name)[:40]!r} is no format; choose from {', '.join(names)}.")
    whole = int(95 if quality is None else quality)
    if not 1 <= whole <= 100:
        raise ConfigError(f"the quality is 1 to 100, not {whole}.")
    return Saving(None if name in (None, "", AS_ORIGINAL) else name, whole)


@dataclass(frozen=True)
class SizeChoice:
    """Components that choose the size."""

    kind: gr.Dropdown
    number: gr.Number


def size_choice(tab: str) -> SizeChoice:
    """A factor from a list, or a number of another kind."""
    choice = SizeChoice(
        gr.Dropdown(SIZES, value="4", label="Make it", elem_id=f"{tab}-size"),
        gr.Number(value=1920, label="Pixels", visible=False, elem_id=f"{tab}-number"),
    )

    def changed(kind: str) -> Any:
        if kind == "factor":
            return gr.Number(label="Factor, 1 to 64", value=2.5, visible=True)
        return gr.Number(label=f"{kind.capitalize()} in pixels", value=1920,
                         visible=kind in ("width", "height"))  # fmt: skip

    choice.kind.change(
        changed,
        choice.kind,
        choice.number,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=None,
    )
    return choice


def read_size(kind: str, number: float | None) -> Size:
    """What the components chose.

    Raises:
        ConfigError: the number is missing.
    """
    if kind not in ("factor", "width", "height"):
        return Size(scale=float(kind))
    if number is None:
        raise ConfigError("give a number for the size.")
    if kind == "factor":
        return Size(scale=number)
    return Size(width=number) if kind == "width" else Size(height=number)
