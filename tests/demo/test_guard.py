"""The guard around the server, asked directly."""

import asyncio
import time
from typing import Any

import pytest

from swinsr.demo import Limits
from swinsr.demo.folder import Folder
from swinsr.demo.serving import guard as guard_module
from swinsr.demo.serving.guard import LEAST_RATE, REQUEST_BYTES, Guard


async def echo(scope: Any, receive: Any, send: Any) -> None:
    """Reads its whole body, as Gradio does."""
    more = True
    while more:
        message = await receive()
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def ask(path: str, parts: list[bytes], limits: Limits, filled: int = 0) -> int:
    """The status of a request whose body comes in parts and announces no length."""
    folder = Folder(60)
    folder.new_file("there.png").write_bytes(bytes(filled))
    sent: list[Any] = []
    waiting = [
        {"type": "http.request", "body": part, "more_body": index < len(parts) - 1}
        for index, part in enumerate(parts)
    ]

    async def receive() -> Any:
        return waiting.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": path, "method": "POST", "headers": []}
    asyncio.run(Guard(echo, folder, limits)(scope, receive, send))
    folder.close()
    return int(sent[0]["status"])


def test_a_body_of_unknown_length_is_cut_off() -> None:
    half = bytes(REQUEST_BYTES // 2)
    assert ask("/gradio_api/queue/join", [half, half], Limits()) == 200
    assert ask("/gradio_api/queue/join", [half, half, b"1"], Limits()) == 413


def test_a_full_folder_takes_no_uploads() -> None:
    limits = Limits(folder_bytes=1000)
    assert ask("/gradio_api/upload", [b"1"], limits, filled=999) == 200
    assert ask("/gradio_api/upload", [b"12"], limits, filled=999) == 413
    assert ask("/gradio_api/upload", [b"1"], limits, filled=1000) == 507


def test_encoded_addresses_are_seen_through() -> None:
    # The server decodes a path once before the guard sees it; a second layer is refused too.
    assert ask("/gradio_api/file=http%3A%2F%2Fexample.com", [b""], Limits()) == 403


async def read_as_starlette(scope: Any, receive: Any, send: Any) -> None:
    """Reads its body as Starlette's requests do, and answers."""
    from starlette.requests import Request
    from starlette.responses import Response

    await Request(scope, receive).body()
    await Response("done")(scope, receive, send)


def drip(pauses: list[float], body: bytes = b"x", app: Any = read_as_starlette) -> list[Any]:
    """What is sent to a client who pauses before each part of a body, and then says no more."""
    folder = Folder(60)
    sent: list[Any] = []
    left = list(pauses)

    async def receive() -> Any:
        await asyncio.sleep(left.pop(0) if left else 3600)
        return {"type": "http.request", "body": body, "more_body": bool(left)}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {"type": "http", "path": "/gradio_api/upload", "method": "POST", "headers": []}
    asyncio.run(Guard(app, folder, Limits())(scope, receive, send))
    folder.close()
    return sent


def test_a_body_that_stops_is_answered_with_408(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "IDLE_SECONDS", 0.2)
    start = time.monotonic()
    begun, said = drip([0.0, 3600.0])
    assert time.monotonic() - start < 5
    assert begun["status"] == 408 and (b"connection", b"close") in begun["headers"]
    assert said["body"] == b"the request came too slowly; send it again"


def test_a_body_that_drips_is_cut_off_though_it_never_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(guard_module, "IDLE_SECONDS", 0.3)
    assert drip([0.05] * 100)[0]["status"] == 408


def test_a_slow_body_that_keeps_coming_is_read_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guard_module, "IDLE_SECONDS", 0.3)
    assert drip([0.05] * 12, bytes(LEAST_RATE // 10))[0]["status"] == 200


def test_an_answer_in_place_of_the_bodys_end_is_the_guards_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def unaware(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        await send({"type": "http.response.start", "status": 500, "headers": []})
        await send({"type": "http.response.body", "body": b"a fault", "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def silent(scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass

    monkeypatch.setattr(guard_module, "IDLE_SECONDS", 0.1)
    for app in (unaware, silent):
        begun, said = drip([0.0, 3600.0], app=app)
        assert begun["status"] == 408 and b"too slowly" in said["body"]


def test_a_visitor_who_hangs_up_is_no_fault() -> None:
    sent: list[Any] = []

    async def gone() -> Any:
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    folder = Folder(60)
    scope = {"type": "http", "path": "/gradio_api/upload", "method": "POST", "headers": []}
    asyncio.run(Guard(read_as_starlette, folder, Limits())(scope, gone, send))
    folder.close()
    assert sent == []


def test_who_waits_for_an_answer_is_not_hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    async def slow(scope: Any, receive: Any, send: Any) -> None:
        assert not (await receive())["more_body"]
        waiting = asyncio.ensure_future(receive())  # for the client to leave, as streams do
        await asyncio.sleep(0.4)
        assert not waiting.done()
        waiting.cancel()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    monkeypatch.setattr(guard_module, "IDLE_SECONDS", 0.1)
    assert drip([0.0], app=slow)[0]["status"] == 200
