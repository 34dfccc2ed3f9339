"""Models: what there is, what is here, and downloads with their checksums."""

from typing import Any

import gradio as gr

from swinsr.demo.catalogue import Offer, fetch, find_offer, offers
from swinsr.demo.jobs import Job
from swinsr.demo.widgets.page import WORK, Page, cell, facts, markup, note, table, told
from swinsr.errors import DownloadError
from swinsr.zoo import cached_path, read_record, verify
from swinsr.zoo.scores import published_scores


def build(page: Page) -> None:
    """Everything within the tab."""
    names = [offer.name for offer in offers() if offer.entry is not None]
    with gr.Row(equal_height=False):
        with gr.Column(scale=4, min_width=320):
            name = gr.Dropdown(names, value=names[0], label="Model", elem_id="models-name")
            with gr.Row():
                start = gr.Button(
                    "Download and check", variant="primary", elem_id="models-download"
                )
                stop = gr.Button("Stop", elem_id="models-stop")
            status = markup(elem_id="models-status")
        with gr.Column(scale=7, min_width=320, elem_classes="result"):
            details = markup(model_facts(names[0]), elem_id="models-details")
    listing = markup(models_table(), elem_id="models-list")

    def describe(chosen: str) -> str:
        with told():
            return model_facts(chosen)

    name.change(
        describe,
        name,
        details,
        show_progress="hidden",
        api_visibility="private",
        concurrency_limit=None,
    )

    async def run(
        chosen: str,
        request: gr.Request,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> tuple[Any, ...]:
        text = await page.work(
            request, "models", lambda job: fetch_and_check(chosen, job), progress
        )
        return note(text), model_facts(chosen), models_table()

    running = start.click(
        run,
        name,
        [status, details, listing],
        show_progress_on=[status],
        concurrency_id=WORK,
        concurrency_limit=page.shop.limits.concurrency,
        api_visibility="private",
    )
    stop.click(
        page.stopper("models"),
        None,
        status,
        cancels=[running],
        queue=False,
        api_visibility="private",
    )


def fetch_and_check(name: str, job: Job) -> str:
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
        raise DownloadError(f"{name} is damaged: {verdict.sentence}; remove it and try again.")
    return f"{name} is here, and its checksum was compared: {verdict.sentence}."


def model_facts(name: str) -> str:
    """All that is known of a model, as HTML.

    Raises:
        ModelNotFoundError: no model of that name.
    """
    offer = find_offer(name)
    entry = offer.entry
    if entry is None:
        return note(f"{name} is interpolation and has no file.")
    rows = {
        "Name": entry.name,
        "What for": offer.task,
        "Enlarges by": "1, keeps the size" if entry.scale == 1 else str(entry.scale),
        "Licence": entry.licence,
        "File": f"{entry.bytes / 1e6:.1f} MB" if entry.bytes else "size not published",
        "Where": offer.place,
    }
    wide = {"Good for": entry.summary, "sha256": entry.sha256 or _recorded(offer)}
    printed = [
        f"{score.dataset}: " + ", ".join(f"{key} {value:g}" for key, value in score.scores.items())
        for score in published_scores()
        if score.model == name and not score.self_ensemble
    ]
    if printed:
        wide["Scores as its authors print them"] = "; ".join(printed)
    return facts(rows, wide=wide)


def models_table() -> str:
    """Every model in a line, as HTML."""
    rows = [
        [
            cell(offer.name, "name"),
            cell(offer.task),
            cell(_scale(offer), "number"),
            cell("" if offer.entry is None else offer.entry.licence),
            cell(offer.place, "here" if offer.here else ""),
        ]
        for offer in offers()
    ]
    return table(["Model", "What it does", "Enlarges by", "Licence", "Where"], rows)


def _scale(offer: Offer) -> str:
    if offer.entry is None:
        return "any"
    return "same size" if offer.entry.scale == 1 else f"{offer.entry.scale}"


def _recorded(offer: Offer) -> str:
    """The checksum of a downloaded file whose authors published none."""
    path = None if offer.entry is None else cached_path(offer.entry)
    record = None if path is None else read_record(path)
    return "none published" if record is None else f"{record.sha256} (as downloaded)"
