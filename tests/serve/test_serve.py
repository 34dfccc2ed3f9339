"""The HTTP server: the bytes of `swinsr upscale`, and what it refuses."""

import functools
import http.client
import io
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr import Settings, upscale_file
from swinsr.demo.limits import Limits

pytest.importorskip("uvicorn", reason="uvicorn is not installed")
pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")
from swinsr.serve import openapi
from swinsr.serve import server as server_module
from swinsr.serve import uploads as uploads_module
from swinsr.serve.server import Running, in_background, serve

SMALL = Limits(max_pixels=10_000, max_bytes=200_000, concurrency=1, queue=2, seconds=60)


def png(height: int = 20, width: int = 30, **options: Any) -> bytes:
    pixels = np.random.default_rng(1).integers(0, 256, (height, width, 4), np.uint8)
    stream = io.BytesIO()
    PilImage.fromarray(pixels).save(stream, "PNG", **options)
    return stream.getvalue()


@contextmanager
def served(limits: Limits = SMALL, **options: Any) -> Iterator[Running]:
    with serve(limits, port=0, **options) as running, in_background(running):
        wait_until(lambda: ask(running, "GET", "/healthz")[0] == 200)
        yield running


def wait_until(true: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if true():
                return
        except OSError:
            pass
        time.sleep(0.02)
    raise AssertionError("it did not come to that")


def ask(
    running: Running, method: str, path: str, body: Any = None, **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection(urlsplit(running.url).netloc, timeout=60)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, sent, encode_chunked="Transfer-Encoding" in sent)
    answer = connection.getresponse()
    done = answer.status, answer.read(), {k.lower(): v for k, v in answer.getheaders()}
    connection.close()
    return done


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with served() as running:
        yield running


def error_of(answer: tuple[int, bytes, dict[str, str]]) -> tuple[int, str]:
    return answer[0], json.loads(answer[1])["error"]


@pytest.mark.parametrize(
    "asked",
    [
        {"scale": 2, "model": "bicubic"},
        {"scale": 3, "model": "lanczos", "format": "webp", "lossless": True},
        {"width": 50, "model": "bicubic", "bits": 16, "format": "tif", "strip_metadata": True},
        {"scale": 2},
    ],
)
def test_answers_with_the_bytes_of_upscale(
    server: Running, tmp_path: Path, asked: dict[str, Any]
) -> None:
    (tmp_path / "in.png").write_bytes(png(dpi=(300, 300)))
    output = tmp_path / f"out.{asked.get('format', 'png')}"
    upscale_file(tmp_path / "in.png", output, Settings(**asked))
    query = urlencode({"name": "in.png", **asked})
    status, body, headers = ask(server, "POST", f"/v1/upscale?{query}", png(dpi=(300, 300)))
    assert status == 200, body
    assert body == output.read_bytes()
    record = json.loads(headers["swinsr-record"])
    assert (record["status"], record["input"]) == ("done", "in.png")
    assert record["seconds"] > 0
    assert (
        headers["content-type"]
        == f"image/{ {'tif': 'tiff'}.get(output.suffix[1:]) or output.suffix[1:] }"
    )


def test_restores_and_takes_forms(server: Running, tmp_path: Path) -> None:
    (tmp_path / "in.png").write_bytes(png(16, 16))
    upscale_file(tmp_path / "in.png", tmp_path / "out.png", Settings(task="denoise", strength=0.5))
    kind, form = multipart(png(16, 16), "grainy.png", task="denoise", strength="0.5")
    status, body, headers = ask(server, "POST", "/v1/restore", form, Content_Type=kind)
    assert status == 200, body
    assert body == (tmp_path / "out.png").read_bytes()
    assert "grainy_denoised.png" in headers["content-disposition"]
    # Without a form the same options are the query's.
    again = ask(server, "POST", "/v1/restore?task=denoise&strength=0.5", png(16, 16))
    assert again[1] == body


def multipart(data: bytes, name: str, field: str = "file", **fields: str) -> tuple[str, bytes]:
    parts = [
        f'--B\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = f'--B\r\nContent-Disposition: form-data; name="{field}"; filename="{name}"\r\n\r\n'
    return "multipart/form-data; boundary=B", b"".join(
        [*parts, head.encode(), data, b"\r\n--B--\r\n"]
    )


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/v1/upscale?scale=two", png(), 400, "scale is a number, not 'two'"),
        ("/v1/upscale?scale=99", png(), 400, "scale is between 1 and 64"),
        ("/v1/upscale?tile=4", png(), 400, "'tile' is no option"),
        ("/v1/upscale?model=/etc/passwd", png(), 400, "is no model of this server"),
        ("/v1/upscale?model=swinsr-denoise", png(), 400, "cannot enlarge"),
        ("/v1/upscale?lossless=maybe", png(), 400, "lossless is true or false"),
        ("/v1/restore", png(), 400, "task is missing"),
        ("/v1/upscale", b"", 400, "there is no picture in the request"),
        ("/v1/upscale?model=bicubic", b"http://127.0.0.1/cat.png", 422, "picture: not a PNG"),
        ("/v1/upscale?model=bicubic", png()[:200], 422, "picture: "),
        ("/v1/upscale?model=bicubic", png(120, 120), 413, "at most 10,000"),
        ("/v1/upscale?model=bicubic&scale=2", bytes(200_001), 413, "at most 200,000 bytes"),
        ("/v2/upscale", png(), 404, "there is nothing here"),
    ],
)
def test_a_bad_request_is_one_sentence(
    server: Running, path: str, body: bytes, status: int, said: str
) -> None:
    found, text = error_of(ask(server, "POST", path, body))
    assert (found, said in text) == (status, True), text
    assert str(server.folder.root) not in text
    wait_until(lambda: not server.folder.visitors_files())


def test_a_body_without_an_end_is_cut_off(server: Running) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(5):  # what comes after the answer is not read, and resets the connection
            yield bytes(50_000)

    found = ask(server, "POST", "/v1/upscale", endless(), Transfer_Encoding="chunked")
    assert error_of(found)[0] == 413
    assert not server.folder.visitors_files()


def test_an_upload_that_stops_is_given_up(server: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads_module, "IDLE_SECONDS", 0.3)
    with socket.create_connection(tuple(urlsplit(server.url).netloc.split(":"))) as connection:
        connection.sendall(b"POST /v1/upscale HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\nabc")
        assert b" 408 " in connection.recv(4096)


def test_connections_without_a_request_do_not_keep_others_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    quickly = functools.partial(server_module.hang_up_on_idle, seconds=1.0)
    monkeypatch.setattr(server_module, "hang_up_on_idle", quickly)
    with served() as running, ExitStack() as opened:
        address = tuple(urlsplit(running.url).netloc.split(":"))
        for _ in range(SMALL.concurrency + SMALL.queue + server_module._SPARE_CONNECTIONS):
            opened.enter_context(socket.create_connection(address))
        wait_until(lambda: ask(running, "GET", "/healthz")[0] == 503)
        wait_until(lambda: ask(running, "GET", "/healthz")[0] == 200)


@pytest.mark.parametrize(
    ("kind", "body", "said"),
    [
        ("multipart/form-data", b"x", "boundary"),
        ("multipart/form-data; boundary=B", b"--B\r\nnonsense", "cannot be read|no picture"),
        (*multipart(png(), "a.png", field="photo"), "field `file`"),
        (*multipart(b"", "a.png"), "is empty"),
    ],
)
def test_a_bad_form_is_one_sentence(server: Running, kind: str, body: bytes, said: str) -> None:
    status, text = error_of(ask(server, "POST", "/v1/upscale", body, Content_Type=kind))
    assert status == 400
    assert any(part in text for part in said.split("|")), text
    assert not server.folder.visitors_files()


def slow(seconds: float, started: threading.Event, ended: list[str]) -> Any:
    """A picture's work that takes long and tells how it ended."""
    from swinsr.serve.work import Shop

    make = Shop.make

    def work(self: Shop, job: Any, upload: Any, settings: Any) -> Any:
        started.set()
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                job.check()
                time.sleep(0.01)
        except Exception as error:
            ended.append(type(error).__name__)
            raise
        return make(self, job, upload, settings)

    return work


def test_too_many_are_told_when_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    started, ended = threading.Event(), []
    monkeypatch.setattr("swinsr.serve.work.Shop.make", slow(1.5, started, ended))
    with served() as running:
        answers: list[tuple[int, bytes, dict[str, str]]] = []

        def one() -> None:
            answers.append(ask(running, "POST", "/v1/upscale?model=bicubic&scale=2", png()))

        threads = [threading.Thread(target=one) for _ in range(3)]
        for thread in threads:
            thread.start()
        wait_until(lambda: json.loads(ask(running, "GET", "/healthz")[1])["waiting"] == 2)
        status, _, headers = ask(running, "POST", "/v1/upscale?model=bicubic", png())
        assert (status, int(headers["retry-after"]) >= 1) == (429, True)
        for thread in threads:
            thread.join()
        assert [answer[0] for answer in answers] == [200, 200, 200]
        wait_until(lambda: not running.folder.visitors_files())


def test_a_job_ends_when_its_client_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    started, ended = threading.Event(), []
    monkeypatch.setattr("swinsr.serve.work.Shop.make", slow(60, started, ended))
    with served() as running:
        body = png()
        address = urlsplit(running.url).netloc.split(":")
        with socket.create_connection((address[0], int(address[1]))) as connection:
            head = f"POST /v1/upscale HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
            connection.sendall(head.encode() + body)
            assert started.wait(20)
        wait_until(lambda: ended == ["StoppedJobError"])
        wait_until(lambda: b"swinsr_cancelled_total 1.0" in ask(running, "GET", "/metrics")[1])
        wait_until(lambda: not running.folder.visitors_files())
        assert json.loads(ask(running, "GET", "/healthz")[1])["waiting"] == 0


def test_a_job_that_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("swinsr.serve.work.Shop.make", slow(60, threading.Event(), []))
    with served(Limits(seconds=0.2)) as running:
        status, text = error_of(ask(running, "POST", "/v1/upscale?model=bicubic", png()))
        assert status == 504 and "longer than" in text


def test_a_token_is_asked_for() -> None:
    with served(token="secret") as running:
        for path in ("/v1/models", "/metrics"):
            assert ask(running, "GET", path)[0] == 401
            assert ask(running, "GET", path, Authorization="Bearer wrong")[0] == 401
            assert ask(running, "GET", path, Authorization="Bearer secret")[0] == 200
        status, _, headers = ask(running, "POST", "/v1/upscale", png())
        assert (status, headers["www-authenticate"]) == (401, "Bearer")
        assert ask(running, "GET", "/healthz")[0] == 200


def test_pages_of_other_servers_are_not_answered(server: Running) -> None:
    found = ask(server, "POST", "/v1/upscale?model=bicubic", png(), Origin="http://evil.example")
    assert found[0] == 403


def test_models_and_metrics_are_told(server: Running) -> None:
    models = json.loads(ask(server, "GET", "/v1/models")[1])
    assert {"name", "scale", "restores", "task"} <= set(models[0])
    assert any(model["name"] == "bicubic" for model in models)
    assert all(model["here"] for model in models)
    ask(server, "POST", "/v1/upscale?model=bicubic&scale=2", png())
    text = ask(server, "GET", "/metrics")[1].decode()
    assert 'swinsr_requests_total{path="/v1/upscale",status="200"}' in text
    assert "swinsr_job_seconds_bucket" in text
    assert "swinsr_pixels_total" in text


def test_the_description_has_every_option(server: Running) -> None:
    document = json.loads(ask(server, "GET", "/openapi.json")[1])
    assert document == json.loads(json.dumps(openapi.document()))
    operation = document["paths"]["/v1/upscale"]["post"]
    names = {parameter["name"] for parameter in operation["parameters"]}
    assert {"scale", "width", "model", "format", "quality", "name"} <= names
    page = ask(server, "GET", "/docs")[1].decode()
    assert all(f"<td>{name}</td>" in page for name in names)
    assert "<script" not in page and "http://" not in page and "https://" not in page


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGTERM to catch")
def test_the_command_serves_until_it_is_stopped(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "swinsr", "serve", "--port", "0"]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True)
    assert process.stdout is not None
    try:
        url = process.stdout.readline().split()[-1]
        running = Running(url, None, lambda: None, lambda: None)  # type: ignore[arg-type]
        wait_until(lambda: ask(running, "GET", "/healthz")[0] == 200)
        assert ask(running, "POST", "/v1/upscale?model=bicubic&scale=2", png())[0] == 200
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
    assert process.returncode == 128 + signal.SIGTERM
    assert not list(tmp_path.iterdir())
