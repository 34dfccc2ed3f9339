"""The endpoints, through Gradio's own client and through plain HTTP."""

import http.client
import json
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swinsr import Settings, upscale_file
from swinsr.image import read_image
from tests.demo import samples
from tests.demo.server import Demo


@pytest.fixture(scope="module")
def client(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    api = pytest.importorskip("gradio_client", reason="the package gradio_client is missing")
    found = api.Client(demo.url, verbose=False, download_files=tmp_path_factory.mktemp("got"))
    yield found
    found.close()


def send(file: Path) -> Any:
    from gradio_client import handle_file

    return handle_file(file)


def refused(call: Any, *values: Any, **names: Any) -> str:
    from gradio_client.exceptions import AppError

    with pytest.raises(AppError) as error:
        call(*values, **names)
    return str(error.value)


def test_no_model_is_in_memory_before_it_is_used(demo: Demo) -> None:
    # Tests of this package share the server; this one is about a fresh one's start.
    probe = "import sys, swinsr.demo.serving.server, swinsr.demo.app; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
    assert demo.health()["status"] == "ok"


def test_endpoints_and_their_parameters_stay_as_documented(client: Any) -> None:
    found = client.view_api(return_format="dict")["named_endpoints"]
    names = {
        name: [p["parameter_name"] for p in endpoint["parameters"]]
        for name, endpoint in found.items()
    }
    assert names == {
        "/upscale": ["picture", "model", "scale", "width", "height", "format", "quality"],
        "/restore": ["picture", "model", "format", "quality"],
        "/models": [],
    }


def test_models_lists_what_is_here_and_what_is_not(client: Any) -> None:
    models = {model["name"]: model for model in client.predict(api_name="/models")}
    assert models["swinsr-light-x4"]["here"] and models["swinsr-light-x4"]["scale"] == 4
    assert models["swinir-color-denoise-15"]["restores"]
    assert models["bicubic"]["task"] == "baseline"


def test_page_command_and_library_write_the_same_bytes(client: Any, tmp_path: Path) -> None:
    source = samples.rich_picture(tmp_path / "rich.png")
    command = [sys.executable, "-m", "swinsr", "upscale", str(source), "--scale", "2", "-q"]
    subprocess.run([*command, "-o", str(tmp_path / "out.png")], check=True)
    upscale_file(source, tmp_path / "library.png", Settings(scale=2))
    file, details = client.predict(send(source), scale=2, api_name="/upscale")
    written = {Path(f).read_bytes() for f in (file, tmp_path / "out.png", tmp_path / "library.png")}
    assert len(written) == 1
    ours, theirs = read_image(file), read_image(tmp_path / "out.png")
    assert Path(file).name == details["name"] == "rich_x2.png"
    assert details["output_size"] == [56, 40] and details["model"] == "swinsr-light-x2"
    assert np.array_equal(ours.pixels, theirs.pixels) and ours.bits == 16
    assert np.array_equal(ours.alpha, theirs.alpha)
    assert ours.metadata == theirs.metadata and ours.metadata.icc


def test_format_quality_and_size_are_chosen(client: Any, tmp_path: Path) -> None:
    source = samples.picture(tmp_path / "cat.png")
    file, details = client.predict(
        send(source), "bicubic", width=100, format="JPEG", quality=60, api_name="/upscale"
    )
    assert Path(file).name == "cat_w100.jpg" and read_image(file).source_format == "JPEG"
    assert details["input_size"] == [32, 24] and details["output_size"] == [100, 75]


def test_what_is_wrong_is_told_in_a_sentence(client: Any, tmp_path: Path) -> None:
    good = send(samples.picture(tmp_path / "good.png"))
    cut = send(samples.cut_short(tmp_path / "cut.png"))
    bomb = send(samples.png_bomb(tmp_path / "bomb.png"))
    archive = send(samples.zip_bomb(tmp_path / "archive.png"))
    assert refused(client.predict, cut, api_name="/upscale").startswith("cut.png: ")
    assert "at most 2,000,000" in refused(client.predict, bomb, api_name="/upscale")
    assert "a ZIP archive" in refused(client.predict, archive, api_name="/upscale")
    assert "no model of this server" in refused(
        client.predict, good, "/etc/passwd", api_name="/upscale"
    )
    assert "cannot restore" in refused(client.predict, good, "swinsr-light-x4", api_name="/restore")
    assert "between 1 and 64" in refused(client.predict, good, scale=1000, api_name="/upscale")
    assert "no format" in refused(client.predict, good, format="exe", api_name="/upscale")


def test_addresses_are_not_fetched(client: Any) -> None:
    from gradio_client import handle_file

    text = refused(client.predict, handle_file("https://example.com/a.png"), api_name="/upscale")
    assert text == "this server fetches no addresses; send the file itself"


def test_cancelling_a_call_ends_the_computation(client: Any, demo: Demo, tmp_path: Path) -> None:
    large = samples.picture(tmp_path / "large.png", 1200, 1600)
    job = client.submit(send(large), "swinsr-light-x4", api_name="/upscale")
    end = time.monotonic() + 60
    while demo.health()["running"] == 0 and time.monotonic() < end:
        time.sleep(0.1)
    assert demo.health()["running"] == 1
    job.cancel()
    # Long, for a busy machine; that no result came shows that it was not simply waited for.
    assert demo.idle(180)
    assert not [file for file in demo.files() if "large_x4" in file.name]


def status(url: str, data: bytes | None = None, **headers: str) -> int:
    """Of one request; the server may answer, and hang up, before it has read all of it."""
    parts = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    path = url.partition(parts.netloc)[2]
    connection.putrequest("POST" if data else "GET", path or "/")
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.putheader("Content-Length", str(len(data or b"")))
    connection.endheaders()
    with suppress(BrokenPipeError, ConnectionResetError):
        connection.send(data or b"")
    found = connection.getresponse().status
    connection.close()
    return found


def form(name: str, content: bytes) -> tuple[bytes, str]:
    head = f'--cut\r\nContent-Disposition: form-data; name="files"; filename="{name}"\r\n\r\n'
    return head.encode() + content + b"\r\n--cut--\r\n", "multipart/form-data; boundary=cut"


@pytest.mark.parametrize(
    "path",
    [
        "/etc/passwd",
        "../../../../../../etc/passwd",
        "..%2f..%2f..%2f..%2f..%2fetc%2fpasswd",
        "pyproject.toml",
        "http://127.0.0.1/",
        "http:/127.0.0.1/",
        "file:///etc/passwd",
    ],
)
def test_nothing_outside_the_folder_is_handed_out(demo: Demo, path: str) -> None:
    assert status(f"{demo.url}/gradio_api/file={path}") == 403


def test_the_proxy_is_closed(demo: Demo) -> None:
    assert status(f"{demo.url}/gradio_api/proxy=http://example.com/") == 403


def test_a_name_cannot_climb_out_of_the_folder(demo: Demo) -> None:
    body, kind = form("../../../../escaped.png", b"x")
    request = urllib.request.Request(f"{demo.url}/gradio_api/upload", body, {"Content-Type": kind})
    with urllib.request.urlopen(request, timeout=60) as answer:
        (path,) = json.load(answer)
    assert Path(path).is_relative_to(demo.temporary) and Path(path).name == "escaped.png"


def test_what_is_too_large_is_refused(demo: Demo) -> None:
    body, kind = form("large.png", bytes((64 << 20) + 1))
    assert status(f"{demo.url}/gradio_api/upload", body, **{"Content-Type": kind}) == 413
    long = json.dumps({"data": ["x" * (2 << 20)]}).encode()
    assert status(f"{demo.url}/gradio_api/call/upscale", long) == 413


def test_answers_forbid_the_page_to_ask_others(demo: Demo) -> None:
    with urllib.request.urlopen(demo.url, timeout=60) as answer:
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_file_of_the_server_is_no_upload(demo: Demo) -> None:
    body = {"picture": {"path": "/etc/passwd", "meta": {"_type": "gradio.FileData"}}}
    request = urllib.request.Request(
        f"{demo.url}/gradio_api/call/v2/upscale",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(
        f"{demo.url}/gradio_api/call/upscale/{event}", timeout=60
    ) as answer:
        text = answer.read().decode()
    assert "event: error" in text and "root:" not in text
