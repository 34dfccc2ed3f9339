"""The buttons that start and stop a tab's work, and their line."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from swinsr.demo.tasks.plan import Estimate
from swinsr.demo.widgets.page import WORK, Page, failure, markup, note, sentence

# For handlers that are no work: at once, and not part of the API.
QUIET: dict[str, Any] = {
    "show_progress": "hidden",
    "api_visibility": "private",
    "concurrency_limit": None,
}

_BUSY = """() => {{
  const run = document.querySelector("#{tab}-run");
  run.dataset.busy = "true";
  setTimeout(() => document.querySelector("#{tab}-stop")?.focus({{ preventScroll: true }}), 50);
  const result = document.querySelector("#{tab}-result");
  const top = result.getBoundingClientRect().top;
  if (top > innerHeight * 0.6) result.scrollIntoView({{ behavior: "smooth", block: "start" }});
}}"""
_IDLE = """() => {{
  const run = document.querySelector("#{tab}-run");
  const active = document.activeElement;
  const here = !active || active === document.body || run.contains(active);
  delete run.dataset.busy;
  if (here) document.querySelector("#{tab}-start")?.focus({{ preventScroll: true }});
}}"""


@dataclass(frozen=True)
class RunControls:
    """The components; `stop` is seen only while there is something to stop.

    Attributes:
        less: seen only where less is offered.
        offered: what that is, in the page and not in the session, which Gradio forgets.
    """

    page: Page
    tab: str
    start: gr.Button
    stop: gr.Button
    status: gr.HTML
    less: gr.Button
    offered: gr.Textbox

    def foresees(
        self, outlook: Callable[..., "Estimate | str"], asked: Sequence[Any], **changing: Any
    ) -> None:
        """Tell what a run would come to whenever something that decides it changes.

        Args:
            outlook: a handler; it gives HTML where there is nothing to start.
            asked: its components.
            changing: those that an offer of less sets, by the names of `Less`.
        """
        gr.on(
            [part.change for part in asked],
            lambda *values: _told(outlook(*values)),
            list(asked),
            [self.start, self.status, self.less, self.offered],
            trigger_mode="always_last",
            **QUIET,
        )

        def take(offered: str) -> Any:
            wanted = json.loads(offered)
            taken = [gr.skip() if wanted[n] is None else wanted[n] for n in changing]
            return taken[0] if len(taken) == 1 else taken

        if changing:
            self.less.click(take, self.offered, list(changing.values()), **QUIET)

    def does(
        self,
        work: Callable[..., Any],
        inputs: Sequence[Any],
        outputs: Sequence[Any],
        shown: Any,
    ) -> None:
        """Let `start` run `work`, and `stop` end it.

        Args:
            work: a handler; the last thing it returns is for `status`.
            inputs, outputs: its components; `status` is added to the outputs.
            shown: where the progress appears.
        """
        self.start.click(None, None, None, js=_BUSY.format(tab=self.tab), api_visibility="private")
        running = self.start.click(
            work,
            list(inputs),
            [*outputs, self.status],
            show_progress_on=[shown],
            concurrency_id=WORK,
            concurrency_limit=self.page.shop.limits.concurrency,
            api_visibility="private",
        )
        running.then(None, None, None, js=_IDLE.format(tab=self.tab), api_visibility="private")
        self.stop.click(
            self.page.stopper(self.tab),
            None,
            self.status,
            cancels=[running],
            queue=False,
            api_visibility="private",
        ).then(None, None, None, js=_IDLE.format(tab=self.tab), api_visibility="private")


def run_buttons(
    page: Page, tab: str, text: str, *, hint: str = "", ready: bool = False
) -> RunControls:
    """The row at the foot of a tab's choices.

    Args:
        page: the server.
        tab: for the names of elements.
        text: of the button.
        hint: of the line below, at first; HTML.
        ready: whether it can be pressed at first.
    """
    with gr.Column(elem_id=f"{tab}-run", elem_classes="run"):
        start = gr.Button(
            text, variant="primary", size="lg", elem_id=f"{tab}-start", interactive=ready
        )
        stop = gr.Button("Stop", variant="secondary", size="lg", elem_id=f"{tab}-stop")
        status = markup(hint, elem_id=f"{tab}-status", elem_classes="status")
    less = gr.Button(
        "Take less", visible=False, size="md", elem_id=f"{tab}-less", elem_classes="less"
    )
    return RunControls(page, tab, start, stop, status, less, gr.Textbox(visible=False))


def _told(found: Estimate | str) -> tuple[Any, ...]:
    """Button, line, and an offer of less, as `RunControls.foresees` shows them."""
    if isinstance(found, str):
        return gr.Button(interactive=False), found, gr.Button(visible=False), ""
    line = note(sentence(found.text)) if found.startable else failure(found.text)
    start = gr.Button(interactive=found.startable)
    if found.less is None:
        return start, line, gr.Button(visible=False), ""
    less = found.less
    scale = None if less.scale is None else f"{less.scale:g}"
    changes = {"model": less.model, "scale": scale, "side": less.side}
    return start, line, gr.Button(less.text, visible=True), json.dumps(changes)
