"""The page beside the paths for programs, as a process of its own."""

import base64
import http.client
import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr.serve.page import PLACE
from tests.demo.server import BROWSER_ARGUMENTS, CHROMIUM

pytest.importorskip("uvicorn", reason="uvicorn is not installed")
pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")
pytest.importorskip("gradio", reason="gradio is not installed")
TOKEN = "a token: with a colon"


def basic(password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {base64.b64encode(f'me:{password}'.encode()).decode()}"}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@dataclass
class Served:
    """A running `swinsr serve --page`.

    Attributes:
        starting: what the paths for programs answered before the page was there, with seconds,
            and whether a plain page stood in its place.
    """

    address: str
    process: "subprocess.Popen[str]"
    temporary: Path
    starting: list[tuple[int, float, bool]]

    def ask(
        self, path: str, headers: dict[str, str] | None = None, body: bytes | None = None
    ) -> tuple[int, bytes, dict[str, str]]:
        connection = http.client.HTTPConnection(self.address, timeout=60)
        connection.request("GET" if body is None else "POST", path, body, headers or {})
        answer = connection.getresponse()
        done = answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
        connection.close()
        return done


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    temporary = tmp_path_factory.mktemp("served")
    environment = {
        **os.environ, "TMPDIR": str(temporary), "OMP_NUM_THREADS": "1", "SWINSR_SERVE_TOKEN": TOKEN,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "swinsr", "serve", "--page", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    found = Served(process.stdout.readline().split("//")[-1].strip(), process, temporary, [])
    try:
        end = time.monotonic() + 120
        while time.monotonic() < end:
            start = time.monotonic()
            status = found.ask("/healthz")[0]
            seconds = time.monotonic() - start
            if found.ask(f"{PLACE}/health", basic(TOKEN))[0] == 200:
                break
            shown = found.ask(f"{PLACE}/", basic(TOKEN))[1]
            found.starting.append((status, seconds, b"SwinSR is starting" in shown))
            time.sleep(0.05)
        yield found
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(60)
    assert process.returncode == 128 + signal.SIGTERM
    assert not list(temporary.iterdir())


def picture() -> bytes:
    pixels = np.random.default_rng(2).integers(0, 256, (18, 25, 3), np.uint8)
    stream = io.BytesIO()
    PilImage.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def test_programs_are_answered_while_the_page_is_built(served: Served) -> None:
    assert len(served.starting) > 3, "the page was there at once"
    assert {status for status, *_ in served.starting} == {200}
    # The real one may come between two questions.
    assert all(plain for *_, plain in served.starting[:-1])
    # Milliseconds each; Gradio's import holds the interpreter for moments.
    assert sorted(seconds for _, seconds, _ in served.starting)[len(served.starting) // 2] < 0.5


def test_the_page_is_there_and_the_first_path_leads_to_it(served: Served) -> None:
    for path in ("/", PLACE):
        status, _, headers = served.ask(path, basic(TOKEN))
        assert (status, headers["location"]) == (307, f"{PLACE}/")
    status, body, headers = served.ask(f"{PLACE}/", basic(TOKEN))
    assert status == 200 and b"gradio_config" in body
    assert "script-src 'self'" in headers["content-security-policy"]
    assert "default-src 'none'" in served.ask("/healthz")[2]["content-security-policy"]
    assert served.ask("/docs")[0] == 200 and served.ask("/nothing", bearer(TOKEN))[0] == 404


@pytest.mark.parametrize(
    "path", (f"{PLACE}/", PLACE, "/", f"{PLACE}/health", f"{PLACE}/gradio_api/info", "/v1/models")
)
def test_nobody_is_let_in_without_the_token(served: Served, path: str) -> None:
    wrong = ({}, basic("wrong"), bearer("wrong"), {"Authorization": "Basic ?"}, basic(""))
    for headers in wrong:
        status, _, answered = served.ask(path, headers)
        assert status == 401
        way = "Bearer" if path.startswith("/v1") else "Basic"
        assert answered["www-authenticate"].startswith(way)
    assert served.ask(path, bearer(TOKEN))[0] in (200, 307)
    # A browser sends a password along by itself, and other pages could make it do so.
    assert (served.ask(path, basic(TOKEN))[0] == 401) == path.startswith("/v1")
    for origin in ("http://evil.example", "null", "http://[evil"):
        evil = {**basic(TOKEN), "Origin": origin}
        assert served.ask(f"{PLACE}/gradio_api/queue/join", evil, b"{}")[0] == 403


def test_page_and_paths_share_their_models_and_give_the_same_bytes(
    served: Served, tmp_path: Path
) -> None:
    client_of = pytest.importorskip("gradio_client", reason="gradio_client is not installed")
    (tmp_path / "in.png").write_bytes(picture())
    client = client_of.Client(
        f"http://{served.address}{PLACE}/", headers=bearer(TOKEN), verbose=False,
        download_files=str(tmp_path / "down"),
    )  # fmt: skip
    file, details = client.predict(
        client_of.handle_file(str(tmp_path / "in.png")), "auto", 8, api_name="/upscale"
    )
    status, body, headers = served.ask("/v1/upscale?scale=8&name=in.png", bearer(TOKEN), picture())
    assert status == 200 and Path(file).read_bytes() == body
    assert details["model"] == json.loads(headers["swinsr-record"])["model"]
    health = json.loads(served.ask("/healthz")[1])
    own = json.loads(served.ask(f"{PLACE}/health", bearer(TOKEN))[1])
    assert health["models_loaded"] == own["models_loaded"] == details["model"].split(" + ")
    metrics = served.ask("/metrics", bearer(TOKEN))[1].decode()
    assert f'swinsr_requests_total{{path="{PLACE}",status="200"}}' in metrics


@pytest.mark.slow
@pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")
def test_a_browser_logs_in_and_upscales(served: Served, tmp_path: Path) -> None:
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    (tmp_path / "in.png").write_bytes(picture())
    with sync_api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=BROWSER_ARGUMENTS)
        page = browser.new_page(http_credentials={"username": "me", "password": TOKEN})
        refused: list[str] = []
        page.on("response", lambda said: refused.append(said.url) if said.status >= 400 else None)
        page.goto(f"http://{served.address}/")
        page.locator("#upscale-source input[type=file], input[type=file]").first.set_input_files(
            str(tmp_path / "in.png")
        )
        page.get_by_role("button", name="Upscale", exact=True).click()
        page.get_by_text("Done: 100 × 72 pixels.").wait_for(timeout=60_000)
        assert page.url == f"http://{served.address}{PLACE}/"
        browser.close()
    # The first is how a browser learns that it has to ask for a password.
    assert refused in ([], [f"http://{served.address}/"])
