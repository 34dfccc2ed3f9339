"""Connections without a request, on a server of uvicorn's own."""

import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from swinsr.demo.serving.connections import hang_up_on_idle

uvicorn: Any = pytest.importorskip("uvicorn", reason="uvicorn is not installed")
IDLE = 0.4


async def late(scope: Any, receive: Any, send: Any) -> None:
    """Answers when an idle connection would be over twice."""
    import asyncio

    await asyncio.sleep(3 * IDLE)
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"late"})


@pytest.fixture(params=["h11", "httptools"])
def address(request: pytest.FixtureRequest) -> Iterator[tuple[str, int]]:
    if request.param == "httptools":
        pytest.importorskip("httptools", reason="httptools is not installed")
    config = uvicorn.Config(
        late, port=0, http=request.param, lifespan="off", log_level="critical",
        timeout_keep_alive=3600,
    )  # fmt: skip
    config.load()
    hang_up_on_idle(config, IDLE)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    end = time.monotonic() + 20
    while not server.started and time.monotonic() < end:
        time.sleep(0.02)
    yield server.servers[0].sockets[0].getsockname()
    server.should_exit = True
    thread.join(timeout=20)
    assert not thread.is_alive()


def said(address: tuple[str, int], data: bytes) -> tuple[bytes, float]:
    """All that is answered, and the seconds until the server hangs up."""
    start, answer = time.monotonic(), b""
    with socket.create_connection(address, timeout=20) as opened:
        opened.sendall(data)
        while more := opened.recv(4096):
            answer += more
    return answer, time.monotonic() - start


@pytest.mark.parametrize("data", [b"", b"GET / HT", b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n"])
def test_a_connection_without_a_whole_request_is_closed(
    address: tuple[str, int], data: bytes
) -> None:
    answer, seconds = said(address, data)
    assert answer == b"" and IDLE / 2 < seconds < 10


def test_a_slow_answer_arrives_and_what_waits_behind_it_is_closed(
    address: tuple[str, int],
) -> None:
    answer, seconds = said(address, b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /")
    assert b"late" in answer and 3 * IDLE <= seconds < 15
