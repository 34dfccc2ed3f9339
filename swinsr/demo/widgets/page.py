"""What the tabs share: the workshop, the jobs, and how work and its errors reach the page."""

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import gradio as gr

from swinsr.demo.jobs import Jobs, Submission
from swinsr.demo.tasks.convert import Workshop
from swinsr.errors import SwinsrError

T = TypeVar("T")
# One queue for all work, whichever tab it comes from.
WORK = "work"


@dataclass(frozen=True)
class Reply(Generic[T]):
    """What came of a visitor's wish: a value, or a sentence on why there is none, as HTML."""

    value: T | None
    hint: str = ""


@dataclass(frozen=True)
class Page:
    """The server as the tabs see it; `examples` are pictures to try it with."""

    shop: Workshop
    jobs: Jobs
    examples: tuple[Path, ...] = ()

    async def work(
        self, request: gr.Request, tab: str, work: Callable[[Submission], T], progress: gr.Progress
    ) -> T:
        """Do a visitor's work in a thread, its progress shown; it ends when it is cancelled.

        Raises:
            SwinsrError: the work's.
        """
        return await self.jobs.run(
            owner(request, tab), work, lambda share, text: progress(share, desc=text)
        )

    async def attempt(
        self, request: gr.Request, tab: str, work: Callable[[Submission], T], progress: gr.Progress
    ) -> Reply[T]:
        """The same for the page itself, where what is wrong becomes a quiet hint in its place."""
        try:
            return Reply(await self.work(request, tab, work, progress))
        except SwinsrError as error:
            return Reply(None, failure(error))

    def stopper(self, tab: str) -> Callable[[gr.Request], str]:
        """A handler that ends a visitor's jobs of a tab; it returns what to show."""

        def stop(request: gr.Request) -> str:
            self.jobs.stop(owner(request, tab))
            return note("Stopped.")

        return stop

    def leave(self, request: gr.Request) -> None:
        """End all jobs of a visitor whose page was closed."""
        self.jobs.stop_all(f"{request.session_hash}/")


def owner(request: gr.Request, tab: str) -> str:
    """Whose job it is: one browser tab or client, and one tab of the page."""
    return f"{request.session_hash}/{tab}"


@contextmanager
def told() -> Iterator[None]:
    """An error of the input or the options becomes one sentence for a client of the API.

    Raises:
        gr.Error: in place of `SwinsrError`; other errors are the program's and pass.
    """
    try:
        yield
    except SwinsrError as error:
        # Gradio renders the text as HTML, and file names are the visitors'.
        raise gr.Error(sentence(error), title="This did not work", print_exception=False) from error


def sentence(error: object) -> str:
    """An error's text, safe within HTML."""
    return html.escape(str(error), quote=False)


def markup(value: str = "", elem_id: str | None = None, elem_classes: str = "") -> gr.HTML:
    """A place for HTML, in the page's own style."""
    return gr.HTML(value, elem_id=elem_id, elem_classes=elem_classes, apply_default_css=False)


def note(text: str) -> str:
    """A quiet line; `text` is HTML."""
    return f'<div class="note" role="status">{text}</div>'


def failure(error: object) -> str:
    """What went wrong, in its place within the page."""
    return f'<div class="note failed" role="alert">{sentence(error)}</div>'


def table(headings: list[str], rows: list[list[str]]) -> str:
    """A table whose cells are HTML."""
    head = "".join(f'<th scope="col">{heading}</th>' for heading in headings)
    body = "".join(f"<tr>{''.join(row)}</tr>" for row in rows)
    return (
        f'<div class="table" tabindex="0" role="region" aria-label="{html.escape(headings[0])}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def cell(text: str, kind: str = "") -> str:
    """A cell of a table, escaped."""
    attribute = f' class="{kind}"' if kind else ""
    return f"<td{attribute}>{html.escape(text)}</td>"
