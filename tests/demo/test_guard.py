"""The guard around the server, asked directly."""

import asyncio
from typing import Any

from swinsr.demo import Limits
from swinsr.demo.folder import Folder
from swinsr.demo.serving.guard import REQUEST_BYTES, Guard


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
