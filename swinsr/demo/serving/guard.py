"""What is refused before Gradio sees it, and what every answer says to the browser.

Gradio would fetch addresses on a client's behalf, reads request bodies of any length, and waits for
them without end.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any
from urllib.parse import unquote

from starlette.requests import ClientDisconnect

from swinsr.demo.folder import Folder
from swinsr.demo.limits import IDLE_SECONDS, Limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Requests other than uploads hold names and numbers.
REQUEST_BYTES = 1 << 20
# Bytes a second that a body brings at least, from `IDLE_SECONDS` on.
LEAST_RATE = 500
# Of a form around its files.
_FORM_BYTES = 1 << 16
# The page asks nobody but this server for anything; Gradio's own scripts are inline and evaluated.
_POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; media-src 'self' data: blob:; "
    "font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; "
    "object-src 'none'"
)
_HEADERS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"content-security-policy", _POLICY.encode()),
)


class Guard:
    """ASGI middleware around the whole server."""

    def __init__(self, app: App, folder: Folder, limits: Limits) -> None:
        """Guard `app`; `folder` is where its uploads go."""
        self.app, self.folder, self.limits = app, folder, limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        send = _with_headers(send)
        path = unquote(scope["path"])
        if "/proxy=" in path or "://" in path.partition("/file=")[2].replace(":/", "://"):
            await _refuse(send, 403, "this server fetches no addresses")
            return
        upload = path.endswith("/upload") and scope["method"] == "POST"
        allowed = self._room() if upload else REQUEST_BYTES
        if allowed <= 0:
            await _refuse(send, 507, "this server is full; try again later")
            return
        if _announced(scope) > allowed:
            await _refuse(send, *_too_long(allowed))
            return
        body = _Body(receive, send, allowed)
        with suppress(ClientDisconnect):  # a visitor who hung up is no fault
            await self.app(scope, body.receive, body.send)
        await body.end()

    def _room(self) -> int:
        """Bytes that may still be uploaded, in one request."""
        free = self.limits.folder_bytes - self.folder.size()
        return min(free, self.limits.max_files * self.limits.max_bytes + _FORM_BYTES)


class _Body:
    """A request's body, cut off where it becomes too long or too slow; the answer then says so."""

    def __init__(self, receive: Receive, send: Send, allowed: int) -> None:
        self._receive, self._send, self._allowed = receive, send, allowed
        self._size, self._waited, self._whole = 0, 0.0, False
        self._refusal: tuple[int, str] | None = None
        self._answered = False

    async def receive(self) -> Message:
        if self._refusal is not None:
            return {"type": "http.disconnect"}
        if self._whole:  # what is waited for now is that the client leaves
            return await self._receive()
        start = time.monotonic()
        left = IDLE_SECONDS + self._size / LEAST_RATE - self._waited
        try:
            message = await asyncio.wait_for(self._receive(), min(IDLE_SECONDS, left))
        except (asyncio.TimeoutError, TimeoutError):
            self._refusal = 408, "the request came too slowly; send it again"
            return {"type": "http.disconnect"}
        self._waited += time.monotonic() - start
        self._size += len(message.get("body", b""))
        self._whole = not message.get("more_body", False)
        if self._size > self._allowed:
            self._refusal = _too_long(self._allowed)
            return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        if self._refusal is None or self._answered:
            self._answered = True
            await self._send(message)
        elif message["type"] == "http.response.body" and not message.get("more_body", False):
            await self.end()

    async def end(self) -> None:
        """Answer why the body was cut off, if it was and nothing was answered."""
        if self._refusal is not None and not self._answered:
            self._answered = True
            await _refuse(self._send, *self._refusal)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


def _too_long(allowed: int) -> tuple[int, str]:
    return 413, f"a request may have at most {allowed:,} bytes"


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [*message.get("headers", ())]
            present = {name.lower() for name, _ in headers}
            headers += [(name, value) for name, value in _HEADERS if name not in present]
            message["headers"] = headers
        await send(message)

    return sending


async def _refuse(send: Send, status: int, text: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8")]
    if status == 408:
        headers.append((b"connection", b"close"))  # else it would drip on
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": text.encode()})
