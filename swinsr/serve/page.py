"""The web page beside the paths for programs: built while those answer already."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager
from typing import Any

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.types import Receive, Scope, Send

log = logging.getLogger("swinsr")
PLACE = "/page"
_SOON = {"Cache-Control": "no-store", "Retry-After": "1", "X-Content-Type-Options": "nosniff"}


class Door:
    """An application that answers below `PLACE`, and a plain page until the real one is there."""

    def __init__(self, build: Callable[[], AbstractContextManager[Any]]) -> None:
        """Build nothing yet.

        Args:
            build: makes the page, which takes seconds, and takes it away at the end.
        """
        self._build = build
        self._app: Any = None
        self._opening: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        """Have it built in a thread while the block runs."""
        ended = asyncio.Event()
        # A task of its own from end to end: what Gradio begins has to end in the same one.
        self._opening = asyncio.create_task(self._live(ended))
        self._opening.add_done_callback(_tell)
        try:
            yield
        finally:
            ended.set()
            await asyncio.wait({self._opening})

    async def _live(self, ended: asyncio.Event) -> None:
        building = self._build()
        app = await asyncio.to_thread(building.__enter__)
        try:
            async with app.router.lifespan_context(app):
                self._app = app
                await ended.wait()
                self._app = None
        finally:
            await asyncio.to_thread(building.__exit__, None, None, None)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, whose path begins with `PLACE`, or is the server's first page."""
        if scope["path"] in ("/", PLACE):
            await RedirectResponse(f"{PLACE}/")(scope, receive, send)
        elif self._app is not None:
            await self._app(scope, receive, send)
        else:
            await self._soon(scope["path"])(scope, receive, send)

    def _soon(self, path: str) -> Response:
        from swinsr.demo.serving.opening import HEALTH, loading_page

        if self._opening is not None and self._opening.done():
            self._opening.result()  # which raises what went wrong
        if path == f"{PLACE}/":
            return HTMLResponse(loading_page(), headers=_SOON)
        return Response(HEALTH, 503, _SOON, "application/json")


def is_page(path: str) -> bool:
    """Whether a request's path is the page's, where there is one."""
    return path in ("/", PLACE) or path.startswith(f"{PLACE}/")


def _tell(opening: "asyncio.Task[None]") -> None:
    error = None if opening.cancelled() else opening.exception()
    if error is not None:
        log.error("the page cannot be shown", exc_info=error)
