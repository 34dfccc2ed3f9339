"""Pictures of every tab for docs/: wide and on a phone, light and dark.

python -m tests.demo.screens [--folder docs/images/page] [--only upscale]
"""

import argparse
import io
import itertools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import expect, sync_playwright

from tests.demo.samples import EXAMPLES, cut_short
from tests.demo.server import BROWSER_ARGUMENTS, CHROMIUM, Demo

ROOT = Path(__file__).parents[2]
WAIT = 90_000
SIZES = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    "phone": {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True},
}
SCHEMES = ("light", "dark")


def tab(page: Any, name: str) -> None:
    """Go to a tab, where need be by the menu of those that have no room."""
    button = page.get_by_role("tab", name=name, exact=True)
    if not button.is_visible():
        page.locator(".overflow-menu > button").first.click()
        page.locator(".overflow-dropdown button", has_text=name).click()
    else:
        button.click()


def choose(page: Any, place: str, file: Path) -> None:
    """Give a picture to a tab."""
    page.locator(f"#{place}-picture input[type=file]").first.set_input_files(file)
    expect(page.locator(f"#{place}-info")).to_contain_text(file.name, timeout=WAIT)
    expect(page.locator(f"#{place}-start")).to_be_enabled(timeout=WAIT)


def ready(page: Any, place: str) -> None:
    """Wait for the result, and move the divider a little."""
    page.locator(f"#{place}-viewer .sv-root[data-ready=true]").wait_for(timeout=WAIT)
    handle = page.locator(f"#{place}-viewer .sv-handle")
    if handle.count():
        handle.press("PageUp")
        handle.blur()


def start(page: Any) -> None:
    """The page as it opens."""
    expect(page.locator("#upscale-start")).to_be_visible(timeout=WAIT)


def upscale(page: Any) -> None:
    """A result, and one before it."""
    for file in ("cat_jpeg.jpg", "cat.png"):
        choose(page, "upscale", EXAMPLES / file)
        page.locator("#upscale-start").click()
        expect(page.locator("#upscale-viewer .sv-download")).to_have_attribute(
            "download", f"{Path(file).stem}_x4.png", timeout=WAIT
        )
        ready(page, "upscale")
        if file != "cat.png":
            page.locator("#upscale-picture").get_by_role("button", name="Remove Image").click()


def more(page: Any) -> None:
    """Upscale with its further options open."""
    choose(page, "upscale", EXAMPLES / "astronaut.png")
    page.locator("#upscale-size").get_by_role("radio", name="Other").check()
    page.locator(".more button:visible").first.click()
    page.wait_for_timeout(500)


def restore(page: Any) -> None:
    """Noise taken out in part."""
    tab(page, "Restore")
    choose(page, "restore", EXAMPLES / "rocket_noise.png")
    page.locator("#restore-start").click()
    ready(page, "restore")


def compare(page: Any) -> None:
    """Two networks on a piece of a picture."""
    tab(page, "Compare")
    choose(page, "compare", EXAMPLES / "astronaut.png")
    page.locator("#compare-start").click()
    ready(page, "compare")


def batch(page: Any) -> None:
    """Three pictures, one of them bad."""
    tab(page, "Batch")
    with tempfile.TemporaryDirectory() as folder:
        bad = cut_short(Path(folder) / "damaged.png")
        files = [EXAMPLES / "cat.png", bad, EXAMPLES / "rocket_noise.png"]
        page.locator("#batch-files input[type=file]").first.set_input_files(files)
        expect(page.locator("#batch-start")).to_be_enabled(timeout=WAIT)
    page.locator("#batch-start").click()
    ready(page, "batch")


def evaluate(page: Any) -> None:
    """Scores and maps of differences."""
    tab(page, "Evaluate")
    choose(page, "evaluate", EXAMPLES / "cat.png")
    page.locator("#evaluate-start").click()
    ready(page, "evaluate")


def models(page: Any) -> None:
    """Cards."""
    tab(page, "Models")
    expect(page.locator(".card").first).to_be_visible(timeout=WAIT)


ACTS: dict[str, Callable[[Any], None]] = {
    act.__name__: act for act in (start, upscale, more, restore, compare, batch, evaluate, models)
}


def main() -> None:
    """Serve the page, drive a browser through it, write the pictures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=ROOT / "docs/images/page")
    parser.add_argument("--only", nargs="*", default=list(ACTS), choices=list(ACTS))
    parser.add_argument("--sizes", nargs="*", default=list(SIZES), choices=list(SIZES))
    parser.add_argument("--schemes", nargs="*", default=list(SCHEMES), choices=list(SCHEMES))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        demo = Demo(Path(folder) / "tmp")
        try:
            browser = playwright.chromium.launch(
                executable_path=CHROMIUM, args=list(BROWSER_ARGUMENTS)
            )
            for size, scheme, name in itertools.product(
                options.sizes, options.schemes, options.only
            ):
                context = browser.new_context(color_scheme=scheme, **SIZES[size])
                shoot(context, demo, name, options.folder / f"{name}_{size}_{scheme}.webp")
                context.close()
            browser.close()
        finally:
            demo.stop()


def shoot(context: Any, demo: Demo, name: str, target: Path) -> None:
    """One picture of one state."""
    page = context.new_page()
    page.goto(demo.url, wait_until="commit")
    page.locator("#upscale-start").wait_for(timeout=WAIT)
    ACTS[name](page)
    page.mouse.move(0, 0)
    page.wait_for_timeout(800)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        picture.save(target, quality=60, method=6)


if __name__ == "__main__":
    main()
