"""The buttons that start and stop a tab's work, and their line."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from swinsr.demo.widgets.page import WORK, Page, markup

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
    """The components; `stop` is seen only while there is something to stop."""

    page: Page
    tab: str
    start: gr.Button
    stop: gr.Button
    status: gr.HTML

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
    return RunControls(page, tab, start, stop, status)
