"""The page in a real browser: what a visitor does, and what goes wrong for them."""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from swinsr import Settings, upscale_file
from swinsr.demo.catalogue import crisp_models
from swinsr.image import read_image, write_image
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
    expect(page.locator(f"#{tab}-start")).to_be_enabled()


def another(page: Any, tab: str) -> None:
    """Take the picture out again."""
    page.locator(f"#{tab}-picture").get_by_role("button", name="Remove Image").click()
    expect(page.locator(f"#{tab}-info")).to_contain_text("dropped, pasted")


def select(page: Any, element: str, option: str) -> None:
    """Choose from a list, unfolding what it is in where need be."""
    box = page.locator(f"#{element} input")
    if not box.is_visible():
        page.locator(".more:visible > button").first.click()
    box.click()
    page.get_by_role("option", name=option).first.click()


def download(page: Any, tab: str, target: Path) -> str:
    """Fetch the result; the name that it was given."""
    with page.expect_download() as got:
        page.locator(f"#{tab}-viewer .sv-download").click()
    got.value.save_as(target)
    name: str = got.value.suggested_filename
    return name


def serious(page: Any) -> list[str]:
    """What axe-core finds of weight, in what is seen once nothing fades in any more."""
    axe = pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is missing")
    script = Path(axe.__file__).with_name("axe.min.js").read_text(encoding="utf-8")
    page.evaluate(script)
    for _ in range(10):
        found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")["violations"]
        if all(fault["id"] != "color-contrast" for fault in found):
            break
        page.wait_for_timeout(500)
    return [
        f"{fault['id']}: {fault['help']}: {[node['html'][:200] for node in fault['nodes']]}"
        for fault in found
        if fault["impact"] in ("serious", "critical")
    ]


def test_the_page_is_painted_without_a_model(browser: Any, demo: Demo) -> None:
    page = opened(browser, demo)
    paints = page.evaluate("performance.getEntriesByType('paint').map((e) => e.startTime)")
    page.context.close()
    # Below 3 s on a machine with nothing else to do; tests run beside other work.
    assert paints and max(paints) < 15_000


def test_upscale_divide_and_download_as_the_library(page: Any, tmp_path: Path) -> None:
    source = samples.EXAMPLES / "cat.png"
    choose(page, "upscale", source)
    expect(page.locator("#upscale-info")).to_contain_text("225 × 150 pixels")
    expect(page.locator("#upscale-status")).to_contain_text("900 × 600 pixels by swinsr-light-x4")
    page.locator("#upscale-start").click()
    view = page.locator("#upscale-viewer .sv-root")
    expect(view).to_have_attribute("data-ready", "true")
    expect(page.locator("#upscale-viewer .sv-facts")).to_contain_text("225 × 150 → 900 × 600")
    assert download(page, "upscale", tmp_path / "got.png") == "cat_x4.png"
    upscale_file(source, tmp_path / "library.png")
    assert (tmp_path / "got.png").read_bytes() == (tmp_path / "library.png").read_bytes()


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
    link = page.locator("#upscale-viewer .sv-download")
    page.locator("#upscale-viewer .sv-frame").press("+")
    before = view(page)
    select(page, "upscale-format", "TIFF")
    expect(link).to_have_attribute("download", "cat_x4.tif")
    assert download(page, "upscale", tmp_path / "got.tif") == "cat_x4.tif"
    assert read_image(tmp_path / "got.tif").width == 900
    assert view(page) == before, "what is looked at moved"
    select(page, "upscale-format", "As the original")
    expect(link).to_have_attribute("download", "cat_x4.png")


def test_a_bad_file_is_told_in_one_quiet_sentence(page: Any, tmp_path: Path) -> None:
    another(page, "upscale")
    # Its name is shown in the page, and must not become part of it.
    bad = samples.cut_short(tmp_path / "a&b<i>.png")
    page.locator("#upscale-picture input[type=file]").first.set_input_files(bad)
    expect(page.locator("#upscale-info")).to_contain_text(".png: 40 × 40 pixels")
    page.locator("#upscale-start").click()
    hint = page.locator("#upscale-status .failed")
    expect(hint).to_contain_text("the picture is damaged or cut short")
    assert page.locator("#upscale-info i, #upscale-status i").count() == 0
    assert "Traceback" not in page.content() and "/tmp" not in hint.inner_text()
    assert page.locator(".toast-body").count() == 0, "a toast over the next run"
    another(page, "upscale")
    page.locator("#upscale-picture input[type=file]").first.set_input_files(
        samples.zip_bomb(tmp_path / "archive.png")
    )
    expect(page.locator("#upscale-info .failed")).to_contain_text("a ZIP archive")
    expect(page.locator("#upscale-start")).to_be_disabled()
    expect(page.locator("#upscale-status .note")).to_have_count(0)
    another(page, "upscale")


def test_nothing_can_be_pressed_before_it_would_do_something(browser: Any, demo: Demo) -> None:
    page = opened(browser, demo)
    for tab, hint in {
        "Upscale": "Choose a picture",
        "Restore": "Choose a picture",
        "Compare": "Choose a picture",
        "Batch": "Choose some pictures",
        "Evaluate": "Choose a good picture",
    }.items():
        page.get_by_role("tab", name=tab, exact=True).click()
        place = tab.lower()
        expect(page.locator(f"#{place}-start")).to_be_disabled()
        expect(page.locator(f"#{place}-stop")).to_be_hidden()
        expect(page.locator(f"#{place}-status")).to_contain_text(hint)
    expect(page.locator("#batch-download")).to_be_hidden()
    page.context.close()


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["wide", "phone"])
def test_two_presses_and_no_scrolling_lead_to_a_result(
    browser: Any, demo: Demo, size: tuple[int, int]
) -> None:
    width, height = size
    page = opened(browser, demo, viewport={"width": width, "height": height})
    example = page.get_by_role("button", name="Example cat.png").first
    start = page.locator("#upscale-start")
    for control in (example, start):
        box = control.bounding_box()
        assert box["y"] + box["height"] <= height, "it is below the edge of the window"
    example.click()
    expect(start).to_be_enabled()
    start.click()
    expect(page.locator("#upscale-viewer .sv-root")).to_have_attribute("data-ready", "true")
    page.wait_for_timeout(800)
    frame = page.locator("#upscale-viewer .sv-frame").bounding_box()
    assert frame["y"] >= 0 and frame["y"] + frame["height"] <= height, "the result is out of sight"
    save = page.locator("#upscale-viewer .sv-download").bounding_box()
    assert save["y"] + save["height"] <= height, "the download is out of sight"
    page.context.close()


def test_a_choice_in_plain_words_leads_to_a_network(page: Any) -> None:
    status = page.locator("#upscale-status")
    choose(page, "upscale", samples.EXAMPLES / "cat_jpeg.jpg")
    expect(status).to_contain_text("by swinsr-real-x4, for a JPEG of about quality 15")
    kind, size = page.locator("#upscale-kind"), page.locator("#upscale-size")
    kind.get_by_role("radio", name="Drawing or text").check()
    expect(status).to_contain_text("1792 × 1184 pixels by swinsr-light-x4")
    size.get_by_role("radio", name="3×").check()
    expect(status).to_contain_text("1344 × 888 pixels by swinsr-light-x3")
    kind.get_by_role("radio", name="Old or noisy").check()
    expect(status).to_contain_text("by swinsr-real-x4, for an old or noisy picture")
    # Arrow keys go from one choice to the next, as they do in any group of radio buttons.
    kind.get_by_role("radio", name="Old or noisy").press("ArrowLeft")
    expect(kind.get_by_role("radio", name="Drawing or text")).to_be_checked()
    expect(status).to_contain_text("by swinsr-light-x3")
    size.get_by_role("radio", name="Other").check()
    page.locator("#upscale-number input").fill("900")
    expect(status).to_contain_text("900 × 595 pixels by swinsr-light-x3")
    size.get_by_role("radio", name="4×").check()
    kind.get_by_role("radio", name="Automatic").check()
    assert page.locator("#upscale-manner").count() == bool(crisp_models())
    another(page, "upscale")


def test_more_than_the_server_gives_is_refused_with_less(page: Any, tmp_path: Path) -> None:
    size = page.locator("#upscale-size")
    choose(page, "upscale", samples.picture(tmp_path / "wide.png", 1000, 2000))
    size.get_by_role("radio", name="Other").check()
    page.locator("#upscale-unit input").click()
    page.get_by_role("option", name="times as large").click()
    page.locator("#upscale-number input").fill("8")
    expect(page.locator("#upscale-status .failed")).to_contain_text("makes at most 32,000,000")
    expect(page.locator("#upscale-start")).to_be_disabled()
    less = page.locator("#upscale-less")
    expect(less).to_have_text("Make it 4 times as large")
    less.click()
    expect(size.get_by_role("radio", name="4×")).to_be_checked()
    expect(page.locator("#upscale-start")).to_be_enabled()
    expect(page.locator("#upscale-status .failed")).to_have_count(0)
    expect(less).to_be_hidden()
    another(page, "upscale")


def test_results_of_the_visit_are_kept(page: Any) -> None:
    kept = page.locator("#upscale-viewer .sv-kept")
    seen = kept.count()
    select(page, "upscale-model", "bicubic")
    choose(page, "upscale", samples.EXAMPLES / "rocket_noise.png")
    page.locator("#upscale-start").click()
    expect(kept).to_have_count(seen + 1)
    expect(page.locator("#upscale-viewer .sv-facts")).to_contain_text("bicubic")
    page.get_by_role("button", name="Show cat_x4.png").first.click()
    expect(page.locator("#upscale-viewer .sv-facts")).to_contain_text("swinsr-light-x4")
    expect(page.locator("#upscale-viewer .sv-download")).to_have_attribute("download", "cat_x4.png")
    page.reload()
    page.locator("#upscale-start").wait_for()
    expect(kept).to_have_count(seen + 1)


def test_stop_ends_the_computation(page: Any, demo: Demo, tmp_path: Path) -> None:
    large = samples.picture(tmp_path / "large.png", 1200, 1600)
    choose(page, "upscale", large)
    page.locator("#upscale-start").click()
    expect(page.locator("#upscale-start")).to_be_hidden()
    expect(page.locator("#upscale-viewer")).to_contain_text(" left")
    assert demo.health()["running"] == 1
    page.locator("#upscale-stop").click()
    expect(page.locator("#upscale-status")).to_contain_text("Stopped")
    expect(page.locator("#upscale-start")).to_be_visible()
    expect(page.locator("#upscale-stop")).to_be_hidden()
    assert demo.idle(30)
    another(page, "upscale")


def test_leaving_the_page_ends_the_computation_and_lets_others_in(
    browser: Any, demo: Demo, tmp_path: Path
) -> None:
    other = opened(browser, demo)
    choose(other, "upscale", samples.EXAMPLES / "cat.png")
    page = opened(browser, demo)
    choose(page, "upscale", samples.picture(tmp_path / "large.png", 1200, 1600))
    page.locator("#upscale-start").click()
    expect(page.locator("#upscale-viewer [role=progressbar]")).to_be_visible()
    assert demo.health()["running"] == 1
    # Another visitor waits, and is told the place in the queue.
    other.locator("#upscale-start").click()
    waiting = other.locator("#upscale-viewer .meta-text-center")
    expect(waiting).to_have_attribute("data-queued", "true")
    expect(waiting).to_contain_text("queue: 1/1")
    page.context.close()
    expect(other.locator("#upscale-viewer .sv-root")).to_have_attribute("data-ready", "true")
    other.context.close()
    assert demo.idle(30)


def test_a_tiff_is_shown_and_worked_on_as_it_is(page: Any, tmp_path: Path) -> None:
    source = samples.rich_picture(tmp_path / "deep.tif")
    choose(page, "upscale", source)
    select(page, "upscale-model", "bicubic")
    page.locator("#upscale-start").click()
    link = page.locator("#upscale-viewer .sv-download")
    expect(link).to_have_attribute("download", "deep_x4.tif")
    download(page, "upscale", tmp_path / "got.tif")
    assert read_image(tmp_path / "got.tif").bits == 16
    select(page, "upscale-model", "Whichever suits")
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
    # One button to add more, with a name, in the place of Gradio's button within a button.
    expect(page.locator("#batch-files").get_by_role("button", name="Add pictures")).to_have_count(1)
    assert page.locator("[aria-label^='common.'], [title^='common.']").count() == 0
    expect(page.locator("#batch-status")).to_contain_text("3 pictures, in about")
    select(page, "batch-model", "bicubic")
    page.locator("#batch-start").click()
    expect(page.locator("#batch-status")).to_contain_text("2 of 3 pictures are done")
    expect(page.locator("#batch-lines .failed")).to_contain_text("bad.png")
    expect(page.locator("#batch-lines .failed")).to_contain_text("the picture is damaged")
    # Each good one is looked at behind the divider.
    facts = page.locator("#batch-viewer .sv-facts")
    expect(facts).to_contain_text("32 × 24 → 128 × 96")
    page.locator("#batch-lines").get_by_role("button", name="two.png").click()
    expect(facts).to_contain_text("20 × 20 → 80 × 80")
    assert page.locator("#batch-lines img").count() == 2
    with page.expect_download() as got:
        page.locator("#batch-download").click()
    got.value.save_as(tmp_path / "got.zip")
    with zipfile.ZipFile(tmp_path / "got.zip") as bundle:
        assert sorted(bundle.namelist()) == ["one_x4.png", "two_x4.png"]
    assert serious(page) == []


def test_models_are_compared_side_by_side(page: Any) -> None:
    page.get_by_role("tab", name="Compare").click()
    choose(page, "compare", samples.EXAMPLES / "cat.png")
    status = page.locator("#compare-status")
    expect(page.get_by_title("Remove bicubic")).to_be_visible()
    expect(status).to_contain_text("Compares a piece of 96 × 96 pixels, in about")
    # A press on the picture moves the piece, and the line says where it is.
    box = page.locator("#compare-picture img").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.5)
    expect(status).to_contain_text(re.compile(r"at [12]\d % across and (49|50|51) % down"))
    page.locator("#compare-start").click()
    expect(page.locator("#compare-viewer .sv-root")).to_have_attribute("data-ready", "true")
    captions = page.locator("#compare-viewer figcaption strong").all_inner_texts()
    assert captions == ["The original, bigger pixels", "bicubic", "swinsr-light-x4"]
    page.locator("#compare-viewer .sv-frame").first.press("+")
    moved = page.locator("#compare-viewer img").evaluate_all("a => a.map(e => e.style.transform)")
    assert len(set(moved)) == 1 and "scale(1.5)" in moved[0]
    assert serious(page) == []


def test_evaluation_shows_scores_and_differences(page: Any) -> None:
    page.get_by_role("tab", name="Evaluate").click()
    choose(page, "evaluate", samples.EXAMPLES / "cat.png")
    expect(page.locator("#evaluate-status")).to_contain_text(
        re.compile("brought back by bicubic and swinsr-light-x4, in about")
    )
    page.locator("#evaluate-start").click()
    expect(page.locator("#evaluate-viewer .sv-root")).to_have_attribute("data-ready", "true")
    rows = page.locator("#evaluate-scores tbody tr").all_inner_texts()
    scores = {row.split()[0]: float(row.split()[1]) for row in rows}
    assert scores["swinsr-light-x4"] > scores["bicubic"] > 20
    assert page.locator("#evaluate-viewer figure").count() == 6
    assert serious(page) == []


def test_models_are_cards_with_a_filter(page: Any) -> None:
    page.get_by_role("tab", name="Models", exact=True).click()
    cards = page.locator("#models-list .card")
    assert cards.count() > 40
    page.locator("#models-search").fill("denoise 15 colour")
    expect(page.locator("#models-list .card:visible")).to_have_count(1)
    card = page.locator("#models-list .card:visible")
    expect(card).to_contain_text("swinir-color-denoise-15")
    expect(card).to_contain_text("Apache-2.0")
    expect(card.get_by_role("button", name="Download swinir-color-denoise-15")).to_be_visible()
    card.get_by_text("Details").click()
    expect(card).to_contain_text("sha256")
    page.locator("#models-search").fill("")
    page.get_by_role("button", name="Included", exact=True).click()
    expect(page.locator("#models-list")).to_contain_text("swinsr-light-x4")
    assert page.locator(".card:visible button[data-download]").count() == 0
    page.locator("#models-search").fill("no such thing")
    expect(page.locator("#models-list")).to_contain_text("No model fits")
    page.locator("#models-search").fill("")
    assert serious(page) == []


def test_a_restoration_is_taken_in_part(page: Any, tmp_path: Path) -> None:
    page.get_by_role("tab", name="Restore").click()
    source = samples.EXAMPLES / "rocket_noise.png"
    choose(page, "restore", source)
    page.locator("#restore-strength input[type=number]").fill("40")
    page.locator("#restore-strength input[type=number]").press("Tab")
    page.locator("#restore-start").click()
    expect(page.locator("#restore-viewer .sv-facts")).to_contain_text("swinsr-denoise")
    download(page, "restore", tmp_path / "got.png")
    settings = Settings(task="denoise", strength=0.4)
    upscale_file(source, tmp_path / "library.png", settings)
    assert (tmp_path / "got.png").read_bytes() == (tmp_path / "library.png").read_bytes()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(browser: Any, demo: Demo, scheme: str) -> None:
    page = opened(browser, demo, color_scheme=scheme)
    choose(page, "upscale", samples.EXAMPLES / "cat.png")
    select(page, "upscale-model", "bicubic")
    page.locator("#upscale-start").click()
    expect(page.locator("#upscale-viewer .sv-root")).to_have_attribute("data-ready", "true")
    for tab in ("Upscale", "Restore", "Compare", "Batch", "Evaluate", "Models"):
        page.get_by_role("tab", name=tab, exact=True).click()
        page.wait_for_timeout(300)
        assert serious(page) == [], tab
    page.context.close()


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
    choose(page, "upscale", samples.EXAMPLES / "cat.png")
    page.locator("#upscale-start").focus()
    page.keyboard.press("Tab")
    assert page.locator(":focus").inner_text() == "More"
    assert page.locator(":focus").get_attribute("aria-expanded") in ("true", "false")
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


@pytest.mark.parametrize("kind", ["gif", "avif", "heic"])
def test_pictures_that_a_browser_may_not_show_are_taken(
    browser: Any, demo: Demo, kind: str, tmp_path: Path
) -> None:
    if kind == "heic":
        pytest.importorskip("pillow_heif", reason="pillow-heif is not installed")
    file = tmp_path / f"picture.{kind}"
    write_image(file, read_image(samples.EXAMPLES / "cat.png"))
    page = opened(browser, demo)
    expect(page.locator("#upscale-info")).to_contain_text(kind.upper())
    choose(page, "upscale", file)
    expect(page.locator("#upscale-info")).to_contain_text(f"225 × 150 pixels, {kind.upper()}")
    expect(page.locator("#upscale-picture img").first).to_have_js_property("complete", True)
    assert page.locator("#upscale-picture img").first.evaluate("image => image.naturalWidth") > 0
    page.context.close()
    assert page.problems == []
