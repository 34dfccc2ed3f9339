"""The page, put together from its tabs."""

import gradio as gr

from swinsr.demo import api
from swinsr.demo.assets import asset
from swinsr.demo.inputs import known_formats
from swinsr.demo.tabs import batch, compare, evaluate, models, picture
from swinsr.demo.widgets.page import Page, markup
from swinsr.version import __version__

_HEADER = (
    f'<header id="header">{asset("mark.svg")}<h1>SwinSR</h1>'
    "<p>Enlarge and repair pictures, on this server alone.</p></header>"
)


def build(page: Page) -> gr.Blocks:
    """The whole page, not yet served."""
    blocks = gr.Blocks(title="SwinSR", analytics_enabled=False)
    with blocks:
        # First: its names must not be taken.
        api.build(page)
        markup(_HEADER)
        with gr.Tabs():
            with gr.Tab("Upscale", id="upscale"):
                picture.build(page, restores=False)
            with gr.Tab("Restore", id="restore"):
                picture.build(page, restores=True)
            with gr.Tab("Compare", id="compare"):
                compare.build(page)
            with gr.Tab("Batch", id="batch"):
                batch.build(page)
            with gr.Tab("Evaluate", id="evaluate"):
                evaluate.build(page)
            with gr.Tab("Models", id="models"):
                models.build(page)
        markup(_limits(page))
        blocks.unload(page.leave)
    blocks.queue(max_size=page.shop.limits.queue)
    return blocks


def _limits(page: Page) -> str:
    limits = page.shop.limits
    hours = limits.keep_seconds / 3600
    kept = f"{hours:g}&nbsp;h" if hours >= 1 else f"{limits.keep_seconds / 60:.0f}&nbsp;min"
    return (
        f'<p class="note">Pictures of up to {limits.max_pixels / 1e6:g} megapixels and '
        f"{limits.max_bytes / 1e6:.0f} MB, {known_formats()}. Uploads and results are "
        f"deleted after {kept}. SwinSR {__version__}.</p>"
    )
