"""The HTML report in a browser: tables sort, panels zoom and move together."""

import os
import shutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from swinsr.degradations import imresize
from swinsr.evaluation import Options, Request, evaluate, to_document, to_html
from tests.evaluation.conftest import pictures, write

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--no-first-run"),
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """The report of two baselines on three pictures, open, with its errors collected."""
    api = pytest.importorskip("playwright.sync_api", reason="the package playwright is missing")
    if not CHROMIUM:
        pytest.skip("the browser chromium is missing; apt-get install chromium")
    root = tmp_path_factory.mktemp("report")
    for name, pixels in pictures().items():
        write(root / "tiny" / "HR" / f"{name}.png", pixels)
        low = imresize(pixels, scale=1 / 2)
        write(root / "tiny" / "LR_bicubic" / "X2" / f"{name}x2.png", low)
    found = evaluate(["bicubic", "nearest"], [str(root / "tiny")], Request((2,)))
    document = to_document(found.results, Options(), found.notes)
    (root / "report.html").write_text(to_html(found.results, document, crops=16), "utf-8")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        page = browser.new_page(viewport={"width": 1400, "height": 2400})
        page.problems = []
        page.on("pageerror", lambda error: page.problems.append(str(error)))
        page.on("console", lambda message: page.problems.append(message.text))
        page.on("request", lambda request: page.problems.append(request.url))
        page.goto((root / "report.html").as_uri())
        # Not wait_for_function: it evaluates a string in the page, which the report's
        # content security policy forbids whenever the first look comes too early.
        api.expect(page.locator("[data-ready=true]")).to_have_count(3, timeout=30_000)
        if shot := os.environ.get("SWINSR_SCREENSHOT"):
            page.screenshot(path=shot)
        yield page
        browser.close()


def column(page: Any, table: str, number: int) -> list[str]:
    cells = page.locator(f"table[data-name='{table}'] tbody tr td:nth-child({number})")
    return list(cells.all_inner_texts())


def test_opens_without_errors_and_asks_for_nothing(page: Any) -> None:
    ours = [p for p in page.problems if not p.startswith(("file://", "data:image/webp"))]
    assert ours == []


def test_sorts_numbers_and_texts_both_ways(page: Any) -> None:
    heading = page.locator("table[data-name='tiny x2'] th button").nth(1)
    heading.click()
    falling = [float(v) for v in column(page, "tiny x2", 2)]
    assert falling == sorted(falling, reverse=True) and len(set(falling)) == 3
    heading.click()
    assert [float(v) for v in column(page, "tiny x2", 2)] == falling[::-1]
    page.locator("table[data-name='tiny x2'] th button").nth(0).click()
    assert column(page, "tiny x2", 1) == ["astronaut", "cat", "rocket"]


def view(page: Any, picture: int) -> list[float]:
    text = page.locator(".picture").nth(picture).get_attribute("data-view")
    return [float(n) for n in text.split()]


def pixels(page: Any, picture: int, panel: int, kind: str = ":not(.difference)") -> np.ndarray:
    """What a panel shows, (height, width, 4)."""
    script = """canvas => {
        const context = canvas.getContext('2d');
        return [canvas.height, canvas.width,
                ...context.getImageData(0, 0, canvas.width, canvas.height).data];
    }"""
    canvas = page.locator(".picture").nth(picture).locator(f"canvas{kind}").nth(panel)
    height, width, *values = canvas.evaluate(script)
    return np.array(values, np.uint8).reshape(height, width, 4)


def test_the_truth_is_shown_pixel_by_pixel(page: Any) -> None:
    shown = pixels(page, 1, 3)[..., :3]
    assert np.array_equal(shown[::2, ::2], pictures()["cat"])


def test_the_difference_map_is_the_difference_times_the_gain(page: Any) -> None:
    restored, truth = (pixels(page, 1, panel)[..., :3].astype(int) for panel in (1, 3))
    shown = pixels(page, 1, 0, ".difference")[..., :3]
    assert np.array_equal(shown, np.minimum(4 * np.abs(restored - truth), 255))


def test_the_wheel_zooms_all_panels_of_one_picture_around_the_pointer(page: Any) -> None:
    picture = page.locator(".picture").nth(0)
    picture.locator(".whole").click()
    before = pixels(page, 0, 1), pixels(page, 0, 3)
    box = picture.locator("canvas:not(.difference)").nth(1).bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.75)
    expect = pytest.importorskip("playwright.sync_api").expect
    page.mouse.wheel(0, -600)
    expect(page.locator(".zoom").first).to_have_text("4.0×")
    zoom, x, y = view(page, 0)
    assert zoom == pytest.approx(4.0) and view(page, 1) == [1, 0, 0]
    assert (x, y) == pytest.approx((0.25 * 0.75, 0.75 * 0.75), abs=0.01)
    for old, panel in zip(before, (1, 3), strict=True):
        assert not np.array_equal(old, pixels(page, 0, panel))


def test_dragging_moves_and_a_double_click_shows_the_whole(page: Any) -> None:
    picture = page.locator(".picture").nth(2)
    picture.scroll_into_view_if_needed()
    picture.locator(".in").click()
    picture.locator(".in").click()
    zoom, x, y = view(page, 2)
    assert zoom == pytest.approx(2.25)
    box = picture.locator("canvas").first.bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] - box["width"] * 0.2, middle[1] + box["height"] * 0.2)
    page.mouse.up()
    _, moved_x, moved_y = view(page, 2)
    assert (moved_x - x, y - moved_y) == pytest.approx((0.2 / 2.25, 0.2 / 2.25), abs=0.01)
    page.mouse.dblclick(*middle)
    assert view(page, 2) == [1, 0, 0]


def test_keys_zoom_and_move(page: Any) -> None:
    stage = page.locator(".picture").nth(1).locator(".stage")
    stage.focus()
    for key in ("+", "+", "ArrowRight"):
        page.keyboard.press(key)
    zoom, x, _ = view(page, 1)
    assert zoom == pytest.approx(2.25) and x > (1 - 1 / 2.25) / 2
    page.keyboard.press("0")
    assert view(page, 1) == [1, 0, 0]
