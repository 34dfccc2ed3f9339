"""What is refused before Gradio sees it, and what every answer says to the browser.

Gradio would fetch addresses on a client's behalf, and reads request bodies of any length.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import unquote

from swinsr.demo.folder import Folder
from swinsr.demo.limits import Limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Requests other than uploads hold names and numbers.
REQUEST_BYTES = 1 << 20
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
            await _refuse(send, 403, "this server fetches no addresses.")
            return
        upload = path.endswith("/upload") and scope["method"] == "POST"
        allowed = self._room() if upload else REQUEST_BYTES
        if allowed <= 0:
            await _refuse(send, 507, "this server is full; try again later.")
            return
        counted = _Counted(receive, send, allowed)
        if _announced(scope) > allowed:
            await _refuse(send, 413, f"a request may have at most {allowed:,} bytes.")
            return
        await self.app(scope, counted.receive, counted.send)

    def _room(self) -> int:
        """Bytes that may still be uploaded, in one request."""
        free = self.limits.folder_bytes - self.folder.size()
        return min(free, self.limits.max_files * self.limits.max_bytes + _FORM_BYTES)


class _Counted:
    """A request's body, cut off where it becomes too long; the answer then is 413."""

    def __init__(self, receive: Receive, send: Send, allowed: int) -> None:
        self._receive, self._send, self._left = receive, send, allowed

    async def receive(self) -> Message:
        if self._left < 0:
            return {"type": "http.disconnect"}
        message = await self._receive()
        self._left -= len(message.get("body", b""))
        return {"type": "http.disconnect"} if self._left < 0 else message

    async def send(self, message: Message) -> None:
        if self._left < 0 and message["type"] == "http.response.start":
            message["status"] = 413
        await self._send(message)


def _announced(scope: Scope) -> int:
    for name, value in scope["headers"]:
        if name == b"content-length" and value.isdigit():
            return int(value)
    return 0


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
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", b"text/plain; charset=utf-8")],
        }
    )
    await send({"type": "http.response.body", "body": text.encode()})
