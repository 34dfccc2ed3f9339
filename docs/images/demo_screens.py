"""The demo's pictures in README.md and docs/demo.md: the page in light, in dark, and on a phone.

python docs/images/demo_screens.py        needs the extra "demo", playwright and chromium
"""

import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import expect, sync_playwright

from swinsr.demo import Limits
from swinsr.demo.server import serve

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
PORT = 7869
WAIT = 120_000


def upscale(page: Any, file: str) -> None:
    """Choose an example, upscale it, and move the divider a little."""
    page.locator("#upscale-picture input[type=file]").first.set_input_files(
        ROOT / "apps" / "examples" / file
    )
    expect(page.locator("#upscale-info")).to_contain_text(file, timeout=WAIT)
    page.locator("#upscale-start").click()
    page.locator("#upscale-viewer .sv-root[data-ready=true]").wait_for(timeout=WAIT)
    page.locator("#upscale-viewer .sv-handle").press("PageUp")
    page.locator("#upscale-viewer .sv-handle").blur()


def compare(page: Any, file: str) -> None:
    """Three models on a piece of an example."""
    page.get_by_role("tab", name="Compare models").click()
    page.locator("#compare-picture input[type=file]").first.set_input_files(
        ROOT / "apps" / "examples" / file
    )
    expect(page.locator("#compare-info")).to_contain_text(file, timeout=WAIT)
    page.locator("#compare-start").click()
    page.locator("#compare-viewer .sv-root[data-ready=true]").wait_for(timeout=WAIT)


def main() -> None:
    """Serve the page, drive a browser through it, write the pictures."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with serve(Limits(), port=PORT) as running, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])

        def shot(name: str, act: Any, file: str, *, top: str, **options: Any) -> None:
            page = browser.new_context(**options).new_page()
            page.goto(running.url, wait_until="commit")
            page.locator("#upscale-start").wait_for(timeout=WAIT)
            act(page, file)
            # On a phone the result is below the choices.
            page.evaluate(f"document.querySelector('{top}').scrollIntoView()")
            page.mouse.move(0, 0)
            page.wait_for_timeout(1500)
            page.screenshot(path=FOLDER / f"demo_{name}.png")
            page.context.close()

        desktop = {"viewport": {"width": 1280, "height": 960}}
        shot("light", upscale, "cat.png", top="body", color_scheme="light", **desktop)
        shot("dark", compare, "astronaut.png", top="body", color_scheme="dark", **desktop)
        phone = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
        shot("phone", upscale, "cat.png", top="#upscale-start", device_scale_factor=2, **phone)
        browser.close()


if __name__ == "__main__":
    main()
