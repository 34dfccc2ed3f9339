"""The page in a real browser: what a visitor does, and what goes wrong for them."""

import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swinsr.image import read_image
from tests.demo import samples
from tests.demo.server import BROWSER_ARGUMENTS, CHROMIUM, Demo

WAIT = 60_000


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="the package playwright is missing")
    if not CHROMIUM:
        pytest.skip("the browser chromium is missing; apt-get install chromium")
    with api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BROWSER_ARGUMENTS))
        yield found
        found.close()


def opened(browser: Any, demo: Demo, **options: Any) -> Any:
    """A page of its own, with what it asked for and complained about."""
    options.setdefault("viewport", {"width": 1280, "height": 900})
    page = browser.new_context(accept_downloads=True, **options).new_page()
    page.set_default_timeout(WAIT)
    page.asked, page.problems = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on(
        "console",
        lambda message: page.problems.append(message.text) if message.type == "error" else None,
    )
    page.goto(demo.url, wait_until="commit")
    page.locator("#upscale-start").wait_for()
    return page


@pytest.fixture(scope="module")
def page(browser: Any, demo: Demo) -> Any:
    return opened(browser, demo)


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as expecting

    expecting.set_options(timeout=WAIT)
    return expecting(locator)


def choose(page: Any, tab: str, file: Path) -> None:
    page.locator(f"#{tab}-picture input[type=file]").first.set_input_files(file)
    expect(page.locator(f"#{tab}-info")).to_contain_text(file.name)


def another(page: Any, tab: str) -> None:
    """Take the picture out again."""
    page.locator(f"#{tab}-picture").get_by_role("button", name="Remove Image").click()
    expect(page.locator(f"#{tab}-info")).to_contain_text("Drop a picture")


def select(page: Any, element: str, option: str) -> None:
    page.locator(f"#{element} input").click()
    page.get_by_role("option", name=option).first.click()


def test_the_page_is_painted_without_a_model(browser: Any, demo: Demo) -> None:
    page = opened(browser, demo)
    paints = page.evaluate("performance.getEntriesByType('paint').map((e) => e.startTime)")
    page.context.close()
    # Below 3 s on a machine with nothing else to do; tests run beside other work.
    assert paints and max(paints) < 15_000


def test_upscale_divide_and_download_as_the_command(page: Any, tmp_path: Path) -> None:
    from swinsr import Upscaler

    source = samples.EXAMPLES / "cat.png"
    choose(page, "upscale", source)
    expect(page.locator("#upscale-info")).to_contain_text("225 × 150 pixels")
    page.locator("#upscale-start").click()
    view = page.locator("#upscale-viewer .sv-root")
    expect(view).to_have_attribute("data-ready", "true")
    expect(page.locator("#upscale-details")).to_contain_text("900 × 600 pixels")
    with page.expect_download() as download:
        page.locator("#upscale-download").click()
    assert download.value.suggested_filename == "cat_x4.png"
    download.value.save_as(tmp_path / "got.png")
    expected = Upscaler.from_pretrained("swinsr-light-x4")(read_image(source))
    assert np.array_equal(read_image(tmp_path / "got.png").pixels, expected.pixels)


def test_the_divider_moves_by_keys_and_by_mouse(page: Any) -> None:
    handle = page.locator("#upscale-viewer .sv-handle")
    handle.scroll_into_view_if_needed()
    expect(handle).to_have_attribute("aria-valuenow", "50")
    handle.press("ArrowLeft")
    expect(handle).to_have_attribute("aria-valuenow", "48")
    handle.press("End")
    expect(handle).to_have_attribute("aria-valuenow", "100")
    frame = page.locator("#upscale-viewer .sv-frame").bounding_box()
    box = handle.bounding_box()
    # At the very end one half of the handle is beyond the edge.
    page.mouse.move(box["x"] + box["width"] / 2 - 8, box["y"] + 20)
    page.mouse.down()
    page.mouse.move(frame["x"] + frame["width"] * 0.25, box["y"] + 20, steps=4)
    page.mouse.up()
    expect(handle).to_have_attribute("aria-valuenow", "25")
    clip = page.locator("#upscale-viewer img[alt=Before]").evaluate("e => e.style.clipPath")
    assert clip.startswith("inset(0") and "75%" in clip


def test_an_example_is_chosen_by_keyboard(page: Any) -> None:
    page.get_by_role("button", name="Example rocket_noise.png").first.press("Enter")
    expect(page.locator("#upscale-info")).to_contain_text("rocket_noise.png: 318 × 212 pixels")


def view(page: Any) -> list[float]:
    text = page.locator("#upscale-viewer .sv-root").get_attribute("data-view")
    return [float(number) for number in text.split()]


def test_the_wheel_zooms_around_the_pointer_and_drags_move(page: Any) -> None:
    frame = page.locator("#upscale-viewer .sv-frame")
    frame.scroll_into_view_if_needed()
    box = frame.bounding_box()
    at = box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.5
    page.mouse.move(*at)
    page.mouse.wheel(0, -400)
    expect(page.locator("#upscale-viewer .sv-root")).not_to_have_attribute(
        "data-view", "1.0000 0.5000 0.5000"
    )
    zoom, x, _ = view(page)
    assert zoom > 2 and x == pytest.approx(0.5 + 0.25 * (1 - 1 / zoom), abs=0.01)
    page.mouse.down()
    page.mouse.move(at[0] + box["width"] * 0.1, at[1], steps=4)
    page.mouse.up()
    assert view(page)[1] == pytest.approx(x - 0.1 / zoom, abs=0.01)
    frame.press("0")
    assert view(page) == [1, 0.5, 0.5]


def test_another_format_needs_no_second_run(page: Any, tmp_path: Path) -> None:
    select(page, "upscale-format", "TIFF")
    link = page.locator("a[download$='.tif'], #upscale-download")
    end = time.monotonic() + WAIT / 1000
    name = ""
    while time.monotonic() < end and not name.endswith(".tif"):
        page.wait_for_timeout(300)
        with page.expect_download() as download:
            link.first.click()
        name = download.value.suggested_filename
    download.value.save_as(tmp_path / "got.tif")
    assert name == "cat_x4.tif" and read_image(tmp_path / "got.tif").width == 900
    select(page, "upscale-format", "As the original")


def test_a_bad_file_is_told_in_a_sentence(page: Any, tmp_path: Path) -> None:
    another(page, "upscale")
    # Its name is shown in the page, and must not become part of it.
    bad = samples.cut_short(tmp_path / "a&b<i>.png")
    page.locator("#upscale-picture input[type=file]").first.set_input_files(bad)
    expect(page.locator("#upscale-info")).to_contain_text(".png: 40 × 40 pixels")
    page.locator("#upscale-start").click()
    toast = page.get_by_text("the picture is damaged or cut short").first
    expect(toast).to_be_visible()
    assert page.locator("#upscale-info i").count() == 0
    assert "Traceback" not in page.content() and "/tmp" not in toast.inner_text()
    another(page, "upscale")
    page.locator("#upscale-picture input[type=file]").first.set_input_files(
        samples.zip_bomb(tmp_path / "archive.png")
    )
    expect(page.locator("#upscale-info .failed")).to_contain_text("a ZIP archive")
    another(page, "upscale")


def test_stop_ends_the_computation(page: Any, demo: Demo, tmp_path: Path) -> None:
    large = samples.picture(tmp_path / "large.png", 1200, 1600)
    choose(page, "upscale", large)
    page.locator("#upscale-start").click()
    expect(page.locator("#upscale-viewer")).to_contain_text(" left")
    assert demo.health()["running"] == 1
    page.locator("#upscale-stop").click()
    expect(page.locator("#upscale-details")).to_contain_text("Stopped")
    assert demo.idle(30)
    another(page, "upscale")


def test_leaving_the_page_ends_the_computation(browser: Any, demo: Demo, tmp_path: Path) -> None:
    page = opened(browser, demo)
    choose(page, "upscale", samples.picture(tmp_path / "large.png", 1200, 1600))
    page.locator("#upscale-start").click()
    expect(page.locator("#upscale-viewer [role=progressbar]")).to_be_visible()
    assert demo.health()["running"] == 1
    page.context.close()
    assert demo.idle(30)


def test_a_tiff_is_shown_and_worked_on_as_it_is(page: Any, tmp_path: Path) -> None:
    source = samples.rich_picture(tmp_path / "deep.tif")
    choose(page, "upscale", source)
    select(page, "upscale-model", "bicubic")
    page.locator("#upscale-start").click()
    expect(page.locator("#upscale-details")).to_contain_text("deep_x4.tif")
    with page.expect_download() as download:
        page.locator("#upscale-download").click()
    download.value.save_as(tmp_path / "got.tif")
    assert read_image(tmp_path / "got.tif").bits == 16
    select(page, "upscale-model", "Automatic")
    another(page, "upscale")


def test_a_batch_with_one_bad_file_gives_the_others(page: Any, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Batch").click()
    files = [
        samples.picture(tmp_path / "one.png"),
        samples.cut_short(tmp_path / "bad.png"),
        samples.picture(tmp_path / "two.png", 20, 20),
    ]
    page.locator("#batch-files input[type=file]").first.set_input_files(files)
    expect(page.locator("#batch-files")).to_contain_text("two")
    select(page, "batch-model", "bicubic")
    page.locator("#batch-start").click()
    expect(page.locator("#batch-lines")).to_contain_text("2 of 3 pictures are done")
    expect(page.locator("#batch-lines")).to_contain_text("bad.png: the picture is damaged")
    with page.expect_download() as download:
        page.locator("#batch-download").click()
    download.value.save_as(tmp_path / "got.zip")
    with zipfile.ZipFile(tmp_path / "got.zip") as bundle:
        assert sorted(bundle.namelist()) == ["one_x4.png", "two_x4.png"]


def test_models_are_compared_side_by_side(page: Any) -> None:
    page.get_by_role("tab", name="Compare models").click()
    choose(page, "compare", samples.EXAMPLES / "cat.png")
    page.locator("#compare-start").click()
    expect(page.locator("#compare-viewer .sv-root")).to_have_attribute("data-ready", "true")
    captions = page.locator("#compare-viewer figcaption strong").all_inner_texts()
    assert captions == ["The original, bigger pixels", "bicubic", "swinsr-light-x4"]
    page.locator("#compare-viewer .sv-frame").first.press("+")
    moved = page.locator("#compare-viewer img").evaluate_all("a => a.map(e => e.style.transform)")
    assert len(set(moved)) == 1 and "scale(1.5)" in moved[0]


def test_evaluation_shows_scores_and_differences(page: Any) -> None:
    page.get_by_role("tab", name="Evaluate").click()
    choose(page, "evaluate", samples.EXAMPLES / "cat.png")
    page.locator("#evaluate-start").click()
    expect(page.locator("#evaluate-viewer .sv-root")).to_have_attribute("data-ready", "true")
    rows = page.locator("#evaluate-scores tbody tr").all_inner_texts()
    scores = {row.split()[0]: float(row.split()[1]) for row in rows}
    assert scores["swinsr-light-x4"] > scores["bicubic"] > 20
    assert page.locator("#evaluate-viewer figure").count() == 6


def test_models_are_listed_with_their_details(page: Any) -> None:
    page.get_by_role("tab", name="Models", exact=True).click()
    expect(page.locator("#models-list")).to_contain_text("swinir-real-x4-gan")
    select(page, "models-name", "swinir-color-denoise-15")
    expect(page.locator("#models-details")).to_contain_text("removes noise from colour pictures")
    expect(page.locator("#models-details")).to_contain_text("Apache-2.0")


def test_restore_says_what_it_offers(page: Any) -> None:
    page.get_by_role("tab", name="Restore").click()
    expect(page.locator("#restore-card")).to_contain_text("Keeps the size")
    page.locator("#restore-start").click()
    expect(page.get_by_text("there is no picture yet").first).to_be_visible()


def test_a_phone_needs_no_scrolling_sideways(browser: Any, demo: Demo) -> None:
    page = opened(
        browser, demo, viewport={"width": 360, "height": 740}, is_mobile=True, has_touch=True,
        color_scheme="dark",
    )  # fmt: skip
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    choose(page, "upscale", samples.EXAMPLES / "cat.png")
    select(page, "upscale-model", "bicubic")
    page.locator("#upscale-start").tap()
    expect(page.locator("#upscale-viewer .sv-root")).to_have_attribute("data-ready", "true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.locator("#upscale-viewer .sv-frame").bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 360
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert sum(int(n) for n in dark[dark.index("(") + 1 : -1].split(",")[:3]) < 200
    page.context.close()


def test_every_control_is_reached_by_keyboard_and_has_a_name(page: Any) -> None:
    page.get_by_role("tab", name="Upscale").click()
    page.locator("#upscale-start").focus()
    page.keyboard.press("Tab")
    assert page.locator("#upscale-stop").evaluate("e => e === document.activeElement")
    for role in ("button", "tab"):
        for control in page.get_by_role(role).all():
            if control.is_visible():
                assert control.inner_text().strip() or control.get_attribute("aria-label"), (
                    control.evaluate("e => e.outerHTML")
                )
    assert page.problems == []


def test_the_page_asks_nobody_but_its_server(page: Any, demo: Demo) -> None:
    others = [url for url in page.asked if not url.startswith((demo.url, "data:", "blob:"))]
    assert others == [] and page.problems == []
