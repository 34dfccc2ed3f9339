"""Restoring through the page and the API, with a published model that is here already."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from swinsr import Upscaler
from swinsr.image import read_image
from swinsr.models import from_published
from swinsr.zoo import find_published
from swinsr.zoo.cache import CacheEntry, write_record
from tests.demo import samples
from tests.demo.server import BROWSER_ARGUMENTS, CHROMIUM, Demo
from tests.demo.test_browser import choose, download, expect, opened, select

NAME = "swinir-color-jpeg-40"
SMALL = {
    "upscale": 1,
    "img_size": 28,
    "window_size": 7,
    "depths": [1, 1],
    "num_heads": [2, 2],
    "embed_dim": 16,
    "upsampler": "",
    "img_range": 255.0,
}


def put_in_cache(home: Path) -> Path:
    """A small network in the place of the published one; nothing is downloaded in tests."""
    entry = find_published(NAME)
    assert entry is not None
    torch.manual_seed(0)
    path = home / "models" / entry.file
    path.parent.mkdir(parents=True)
    torch.save({"params": from_published("swinir", SMALL).state_dict()}, path)
    content = path.read_bytes()
    write_record(
        path, CacheEntry(hashlib.sha256(content).hexdigest(), len(content), entry.url, False)
    )
    return path


@pytest.fixture(scope="module")
def restoring(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Demo, Path]]:
    pytest.importorskip("gradio", reason="the package gradio is missing")
    root = tmp_path_factory.mktemp("restoring")
    weights = put_in_cache(root / "home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SWINSR_HOME", str(root / "home"))
        patch.setenv("SWINSR_OFFLINE", "1")
        running = Demo(root / "tmp")
    yield running, weights
    running.stop()


def expected(weights: Path, source: Path) -> Any:
    return Upscaler.from_pretrained(weights)(read_image(source)).pixels


def test_the_api_restores_as_the_library(restoring: tuple[Demo, Path]) -> None:
    client_of = pytest.importorskip("gradio_client", reason="the package gradio_client is missing")
    demo, weights = restoring
    source = samples.EXAMPLES / "cat.png"
    client = client_of.Client(demo.url, verbose=False)
    file, details = client.predict(client_of.handle_file(source), NAME, api_name="/restore")
    assert details["output_size"] == details["input_size"] == [225, 150]
    pixels = read_image(file).pixels
    assert np.array_equal(pixels, expected(weights, source))
    assert not np.array_equal(pixels, read_image(source).pixels)


def test_the_page_restores_and_hands_it_out(restoring: tuple[Demo, Path], tmp_path: Path) -> None:
    api = pytest.importorskip("playwright.sync_api", reason="the package playwright is missing")
    if not CHROMIUM:
        pytest.skip("the browser chromium is missing; apt-get install chromium")
    demo, weights = restoring
    source = samples.EXAMPLES / "cat.png"
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(BROWSER_ARGUMENTS))
        page = opened(browser, demo)
        page.get_by_role("tab", name="Restore").click()
        choose(page, "restore", source)
        select(page, "restore-model", NAME)
        page.locator("#restore-start").click()
        expect(page.locator("#restore-viewer .sv-facts")).to_contain_text("225 × 150 pixels")
        download(page, "restore", tmp_path / "got.png")
        page.get_by_role("tab", name="Models", exact=True).click()
        page.get_by_role("button", name=f"Check {NAME}").click()
        # Not the authors' file but this test's: the checksum says so.
        expect(page.locator("#models-status .failed")).to_contain_text(f"{NAME} is damaged")
        page.get_by_role("button", name="Download swinir-real-x4-gan").click()
        expect(page.locator("#models-status .failed")).to_contain_text("SWINSR_OFFLINE")
        expect(page.locator("#models-stop")).to_be_hidden()
        browser.close()
    assert np.array_equal(read_image(tmp_path / "got.png").pixels, expected(weights, source))
