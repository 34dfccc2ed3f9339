"""How quickly a stranger arrives: at the page, at its first result, at the README's first command.

    python -m benchmarks.arrival [--runs 3] [-o benchmarks/results]

`swinsr demo` is started anew each time and asked until it answers; the least of several counts, and
so that of the page itself, which loads behind the first answer. In a browser, whose window stays
where it opens, presses are counted from the open page to a result in sight; the README is shown as
the index shows it, and its pictures and blocks in the first window are counted. The last two need
Chromium and the packages playwright and readme-renderer. Exits with 1 beyond the bounds.
"""

import argparse
import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
ANSWER_SECONDS = 5.0
PRESSES = 2
WINDOWS = {"wide": (1280, 900), "phone": (390, 844)}
README_WIDTH = 838  # of the text on the pages of the repository and of the index
# Seconds until a start, or a result, is given up.
PATIENCE = 120


@contextmanager
def demo() -> Iterator[tuple[str, float]]:
    """A running `swinsr demo`: its address, and when it was started."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    start = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "swinsr", "demo", "--port", str(port)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}", start
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()


def until_answered(url: str, start: float) -> float:
    """Seconds from the start until the address answers with 200.

    Raises:
        TimeoutError: it does not.
    """
    while time.perf_counter() < start + PATIENCE:
        try:
            with urllib.request.urlopen(url, timeout=PATIENCE):
                return time.perf_counter() - start
        except (urllib.error.URLError, ConnectionError, http.client.HTTPException):
            time.sleep(0.02)
    raise TimeoutError(f"{url} did not answer within {PATIENCE} s")


def starts(runs: int) -> tuple[float, float]:
    """Least seconds until something answers, and until the page does."""
    found = []
    for _ in range(runs):
        with demo() as (url, start):
            found.append((until_answered(url, start), until_answered(f"{url}/health", start)))
    return min(first for first, _ in found), min(page for _, page in found)


def in_window(page: Any, selector: str) -> bool:
    """Whether all of an element is seen without scrolling."""
    box = page.locator(selector).first.bounding_box()
    height = page.viewport_size["height"]
    return box is not None and box["y"] >= 0 and box["y"] + box["height"] <= height


def presses(browser: Any, url: str, window: tuple[int, int]) -> int:
    """Presses from the open page to a result, each on something in sight.

    Raises:
        RuntimeError: something of the way lies beyond the window.
    """
    page = browser.new_page(viewport={"width": window[0], "height": window[1]})
    page.set_default_timeout(PATIENCE * 1000)
    page.goto(url)
    way = (".examples button", "#upscale-start:enabled")
    for selector in way:
        page.locator(selector).first.wait_for()
        if not in_window(page, selector):
            raise RuntimeError(f"{selector} is not in a window of {window[0]} x {window[1]}")
        page.mouse.click(*middle(page, selector))
    page.locator("#upscale-viewer .sv-root[data-ready=true]").wait_for()
    page.wait_for_timeout(1000)
    if not in_window(page, "#upscale-viewer .sv-frame"):
        raise RuntimeError(f"the result is not in a window of {window[0]} x {window[1]}")
    page.close()
    return len(way)


def middle(page: Any, selector: str) -> tuple[float, float]:
    """Where to press; the mouse does not scroll, as a press by name would."""
    box = page.locator(selector).first.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def first_screen(browser: Any) -> dict[str, int]:
    """Pictures, and blocks of commands, that begin in the README's first window."""
    from readme_renderer.markdown import render

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    page = browser.new_page(viewport={"width": README_WIDTH, "height": WINDOWS["wide"][1]})
    page.goto((ROOT / "README.md").as_uri())  # so that its pictures are found beside it
    page.set_content(f"<style>img {{ max-width: 100% }}</style>{render(text)}")
    page.wait_for_timeout(500)
    found = {
        what: sum(
            box["y"] < WINDOWS["wide"][1]
            for element in page.locator(selector).all()
            if (box := element.bounding_box()) is not None
        )
        for what, selector in {"pictures": "img", "blocks": "pre", "tables": "table"}.items()
    }
    page.close()
    return found


def main() -> int:
    """Measure, print, judge and perhaps write."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("-o", "--output", type=Path, help="folder for arrival.json")
    given = parser.parse_args()
    answer, page = starts(given.runs)
    print(f"swinsr demo answers after {answer:.2f} s (at most {ANSWER_SECONDS:g}), "
          f"the page itself after {page:.2f} s")  # fmt: skip
    found: dict[str, Any] = {"answer": answer, "page": page}
    good = answer <= ANSWER_SECONDS
    chromium = shutil.which("chromium")
    if chromium is None:
        print("presses and the README's first screen were not counted: there is no chromium")
    else:
        found |= seen(chromium)
        for name, count in found["presses"].items():
            print(f"presses from the open page to a result, {name}: {count} (at most {PRESSES})")
        screen = found["first_screen"]
        print("first screen of the README: " + ", ".join(f"{n} {w}" for w, n in screen.items()))
        good &= max(found["presses"].values()) <= PRESSES
        good &= screen == {"pictures": 1, "blocks": 1, "tables": 0}
    if given.output:
        given.output.mkdir(parents=True, exist_ok=True)
        (given.output / "arrival.json").write_text(json.dumps(found, indent=1) + "\n")
    return 0 if good else 1


def seen(chromium: str) -> dict[str, Any]:
    """What is counted in a browser."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright, demo() as (url, start):
        until_answered(f"{url}/health", start)
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        counted = {name: presses(browser, url, window) for name, window in WINDOWS.items()}
        screen = first_screen(browser)
        browser.close()
    return {"presses": counted, "first_screen": screen}


if __name__ == "__main__":
    sys.exit(main())
