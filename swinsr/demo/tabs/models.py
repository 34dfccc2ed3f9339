"""Models: a card each, with a filter; what is here, and downloads with their checksums."""

import html
from typing import Any

import gradio as gr

from swinsr.demo.assets import asset
from swinsr.demo.catalogue import BASELINES, Offer, fetch, find_offer, offers
from swinsr.demo.jobs import Submission
from swinsr.demo.widgets.page import WORK, Page, markup, note
from swinsr.errors import DownloadError
from swinsr.zoo import cached_path, read_record, verify
from swinsr.zoo.scores import published_scores

_TEMPLATE = """<div class="filter">
<label for="models-search">Find a model</label>
<input id="models-search" type="search" placeholder="name, task or licence" autocomplete="off">
<div class="pills" role="group" aria-label="Which models">
<button type="button" data-group="" aria-pressed="true">All</button>
<button type="button" data-group="included" aria-pressed="false">Included</button>
<button type="button" data-group="enlarges" aria-pressed="false">Enlarge</button>
<button type="button" data-group="restores" aria-pressed="false">Restore</button>
</div><span class="note" role="status" data-count></span></div>
<div class="cards">${value}</div>"""


def build(page: Page) -> None:
    """Everything within the tab."""
    with gr.Column(elem_id="models-run", elem_classes="run"):
        status = markup(elem_id="models-status", elem_classes="status")
        stop = gr.Button("Stop the download", elem_id="models-stop", visible=False)
    cards = gr.HTML(
        value=model_cards(),
        html_template=_TEMPLATE,
        js_on_load=asset("models.js"),
        apply_default_css=False,
        elem_id="models-list",
    )

    async def download(
        request: gr.Request,
        event: gr.EventData,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, Any, Any]:
        name = str(event.name)[:80]
        done = await page.attempt(
            request, "models", lambda job: fetch_and_check(name, job), progress
        )
        text = done.hint if done.value is None else note(html.escape(done.value))
        return text, model_cards(), gr.Button(visible=False)

    cards.click(
        lambda: gr.Button(visible=True),
        None,
        stop,
        queue=False,
        show_progress="hidden",
        api_visibility="private",
    )
    running = cards.click(
        download,
        None,
        [status, cards, stop],
        show_progress_on=[status],
        concurrency_id=WORK,
        concurrency_limit=page.shop.limits.concurrency,
        api_visibility="private",
    )
    stopper = page.stopper("models")

    def stopped(request: gr.Request) -> tuple[str, Any]:
        return stopper(request), gr.Button(visible=False)

    stop.click(
        stopped, None, [status, stop], cancels=[running], queue=False, api_visibility="private"
    )


def fetch_and_check(name: str, job: Submission) -> str:
    """Get a model if it is not here, and compare its checksum; one sentence on that.

    Raises:
        ModelNotFoundError: no model of that name.
        DownloadError: it could not be fetched whole and right, or its file is damaged.
    """
    offer = find_offer(name)
    if offer.entry is None or offer.entry.url is None:
        return f"{name} is included; nothing needs to be downloaded."
    fetch(name, job)
    job.stage("Comparing the checksum")
    verdict = verify(offer.entry)
    if not verdict.good:
        raise DownloadError(f"{name} is damaged: {verdict.sentence}; remove it and try again")
    return f"{name} is here, and its checksum was compared: {verdict.sentence}."


def model_cards() -> str:
    """Every model as a card, HTML."""
    return "".join(map(_card, offers()))


def _card(offer: Offer) -> str:
    entry = offer.entry
    groups = ["restores" if offer.restores else "enlarges"]
    groups += ["included"] if offer.included or entry is None else []
    summary = BASELINES[offer.name] if entry is None else entry.summary
    licence = "" if entry is None else entry.licence
    words = f"{offer.name} {offer.task} {summary} {licence} {offer.place}".lower()
    size = f"{entry.bytes / 1e6:.1f} MB" if entry is not None and entry.bytes else ""
    tags = [_scale(offer), size, licence]
    shown = "".join(f"<li>{html.escape(tag)}</li>" for tag in tags if tag)
    place = "here" if offer.here else ""
    button = ""
    if entry is not None and entry.url is not None:
        text = "Check" if offer.here else "Download"
        button = (
            f'<button type="button" data-download="{html.escape(offer.name)}" '
            f'aria-label="{text} {html.escape(offer.name)}">{text}</button>'
        )
    return (
        f'<article class="card" data-groups="{" ".join(groups)}" data-words="{html.escape(words)}">'
        f"<h2>{html.escape(offer.name)}</h2><p>{_sentence(summary or offer.task)}</p>"
        f'<ul class="tags">{shown}</ul>{_details(offer)}'
        f'<div class="card-foot"><span class="{place}">{html.escape(_capital(offer.place))}</span>'
        f"{button}</div></article>"
    )


def _details(offer: Offer) -> str:
    entry = offer.entry
    if entry is None:
        return ""
    rows = {"What it does": offer.task, "sha256": entry.sha256 or _recorded(offer)}
    printed = [
        f"{score.dataset}: " + ", ".join(f"{key} {value:g}" for key, value in score.scores.items())
        for score in published_scores()
        if score.model == offer.name and not score.self_ensemble
    ]
    if printed:
        rows["Scores as its authors print them"] = "; ".join(printed)
    body = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>" for name, value in rows.items()
    )
    return f"<details><summary>Details</summary><dl>{body}</dl></details>"


def _sentence(text: str) -> str:
    text = _capital(text)
    return html.escape(text if text.endswith(".") else f"{text}.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _scale(offer: Offer) -> str:
    if offer.entry is None:
        return "any size"
    return "same size" if offer.entry.scale == 1 else f"{offer.entry.scale}×"


def _recorded(offer: Offer) -> str:
    """The checksum of a downloaded file whose authors published none."""
    path = None if offer.entry is None else cached_path(offer.entry)
    record = None if path is None else read_record(path)
    return "none published" if record is None else f"{record.sha256} (as downloaded)"
