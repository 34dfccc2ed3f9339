"""The server's paths: who may ask, how many at a time, and what is answered."""

import asyncio
import base64
import binascii
import contextlib
import hmac
import json
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from urllib.parse import quote, urlsplit

from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from swinsr.demo.catalogue import list_models
from swinsr.demo.jobs import Jobs, Submission
from swinsr.errors import SwinsrError
from swinsr.image.formats.table import ALL, output_format
from swinsr.serve import openapi
from swinsr.serve.metrics import CONTENT_TYPE, Metrics
from swinsr.serve.options import RESTORE, UPSCALE, settings_from
from swinsr.serve.page import PLACE, Door, is_page
from swinsr.serve.uploads import ClientDisconnect, Received, RefusedError, receive
from swinsr.serve.work import Made, Shop, status_of
from swinsr.version import __version__

# What needs no token: whether the server lives, and how to ask it.
OPEN = ("/healthz", "/docs", "/openapi.json")
_TYPES = {"JPEG": "jpeg", "BMP": "bmp", "TIFF": "tiff"}
_HEADERS: tuple[tuple[bytes, bytes], ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-security-policy", b"default-src 'none'; style-src 'unsafe-inline'"),
)
_GONE = 499  # as nginx has it: the client left before the answer
# The share of the mean that a new job counts in what the next one is told to wait.
_NEWEST = 0.2


class Service:
    """One server's state: what waits, what runs, what was counted."""

    def __init__(
        self, shop: Shop, jobs: Jobs, *, token: str | None = None, precision: str = "auto",
        device: str = "auto", door: Door | None = None,
    ) -> None:  # fmt: skip
        """Begin with nothing.

        Args:
            shop: folder, limits and models.
            jobs: runs the work.
            token: that a request has to bring; None for none.
            precision, device: of the models.
            door: to the page, where there is one.
        """
        self.shop, self.jobs, self._token, self.door = shop, jobs, token, door
        self._fixed = {"precision": precision, "device": device}
        self.metrics = Metrics()
        self._admitted = 0
        self._mean_seconds = 1.0
        self.metrics.running.set_function(self._running)
        self.metrics.waiting.set_function(lambda: max(self._admitted - self._running(), 0))

    def _running(self) -> int:
        return min(self.jobs.running, self.shop.limits.concurrency)

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            Route("/v1/upscale", self._upscale, methods=["POST"]),
            Route("/v1/restore", self._restore, methods=["POST"]),
            Route("/v1/models", self._models),
            Route("/healthz", self._health),
            Route("/metrics", self._metrics),
            Route("/openapi.json", self._openapi),
            Route("/docs", self._docs),
        ]
        return Starlette(
            routes=routes,
            middleware=[Middleware(_Gate, service=self)],
            exception_handlers={RefusedError: _refused, 404: _missing, 405: _missing},
            lifespan=self._lifespan,
        )

    @contextlib.asynccontextmanager
    async def _lifespan(self, app: Starlette) -> AsyncIterator[None]:
        async with contextlib.AsyncExitStack() as stack:
            if self.door is not None:
                await stack.enter_async_context(self.door.open())
            try:
                yield
            finally:
                self.jobs.close()

    def shows(self, path: str) -> bool:
        """Whether a path is the page's."""
        return self.door is not None and is_page(path)

    def allows(self, request: Request) -> bool:
        """Whether a request brings the token, where one is needed.

        Browsers bring it to the page as a password, with whatever name.
        """
        # Not of `request.url`, which old versions of Starlette begin with whatever is sent as host.
        path = request.scope["path"]
        if self._token is None or path in OPEN:
            return True
        kind, _, given = request.headers.get("authorization", "").partition(" ")
        given = given.strip()
        if kind.lower() == "basic" and self.shows(path):
            kind, given = "bearer", _password(given)
        return kind.lower() == "bearer" and hmac.compare_digest(
            given.encode("utf-8", "surrogateescape"), self._token.encode()
        )

    async def _upscale(self, request: Request) -> Response:
        return await self._picture(request, UPSCALE)

    async def _restore(self, request: Request) -> Response:
        return await self._picture(request, RESTORE)

    async def _picture(self, request: Request, known: dict[str, Any]) -> Response:
        with self._admit():
            given = {k: v for k, v in request.query_params.items() if k != "name"}
            self._settings(given, known)  # which refuses before anything is uploaded
            upload = await receive(request, self.shop.folder, self.shop.limits)
            self.metrics.received.inc(upload.size)
            try:
                options = {k: v for k, v in upload.options.items() if k != "name"}
                settings = self._settings({**given, **options}, known, whole=True)
                made = await self._work(request, lambda job: self.shop.make(job, upload, settings))
            except BaseException:
                _remove(upload)
                raise
        return _answer(made, upload)

    def _settings(
        self, given: dict[str, str], known: dict[str, Any], *, whole: bool = False
    ) -> Any:
        """The settings; `whole` once a form's fields are there too."""
        if "task" in known and "task" not in given and not whole:
            given = {**given, "task": "denoise"}
        try:
            return settings_from(given, known, self.shop.limits, **self._fixed)
        except SwinsrError as error:
            raise RefusedError(400, str(error)) from error

    @contextlib.contextmanager
    def _admit(self) -> Any:
        limits = self.shop.limits
        # A job whose client left counts until its thread has ended.
        held = max(self._admitted, self.jobs.running)
        if held >= limits.concurrency + limits.queue:
            wait = self._mean_seconds * held / limits.concurrency
            raise RefusedError(
                429, f"{held} pictures are at work or wait; come back later",
                {"Retry-After": str(max(math.ceil(wait), 1))},
            )  # fmt: skip
        self._admitted += 1
        try:
            yield
        finally:
            self._admitted -= 1

    async def _work(self, request: Request, work: Callable[[Submission], Made]) -> Made:
        """Have a job done, or ended when the client leaves."""

        def timed(job: Submission) -> Made:
            start = time.monotonic()
            made = work(job)
            seconds = time.monotonic() - start
            self.metrics.seconds.observe(seconds)
            self._mean_seconds += _NEWEST * (seconds - self._mean_seconds)
            size = made.record.output_size or (0, 0)
            self.metrics.pixels.inc(size[0] * size[1])
            return made

        job = asyncio.ensure_future(self.jobs.run("serve", timed, lambda share, text: None))
        gone = asyncio.ensure_future(_left(request))
        try:
            await asyncio.wait({job, gone}, return_when=asyncio.FIRST_COMPLETED)
            if not job.done():
                self.metrics.gone.inc()
                raise ClientDisconnect
            return job.result()
        except SwinsrError as error:
            raise RefusedError(status_of(error), str(error).removesuffix(".")) from error
        finally:
            for task in (job, gone):
                task.cancel()
            # The job's own end is waited for: its file is removed next.
            await asyncio.gather(job, gone, return_exceptions=True)

    async def _models(self, request: Request) -> Response:
        return JSONResponse([model for model in list_models() if model["here"]])

    async def _health(self, request: Request) -> Response:
        return JSONResponse(
            {
                "status": "ok",
                "version": __version__,
                "running": self._running(),
                "waiting": max(self._admitted - self._running(), 0),
                "models_loaded": self.shop.catalogue.loaded,
            }
        )

    async def _metrics(self, request: Request) -> Response:
        return Response(self.metrics.text(), headers={"content-type": CONTENT_TYPE})

    async def _openapi(self, request: Request) -> Response:
        return JSONResponse(openapi.document())

    async def _docs(self, request: Request) -> Response:
        return HTMLResponse(openapi.page())


class _Gate:
    """Around every request: the token, other pages' scripts, headers, and the count of answers."""

    def __init__(self, app: ASGIApp, service: Service) -> None:
        self.app, self.service = app, service

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request = Request(scope)
        known = {route.path for route in scope["app"].routes if isinstance(route, Route)}
        asked = request.scope["path"]
        path = asked if asked in known else "other"
        service, app, headers, status = self.service, self.app, _HEADERS, [_GONE]
        if service.door is not None and service.shows(asked):
            path, app, headers = PLACE, service.door, ()

        async def sending(message: Any) -> None:
            if message["type"] == "http.response.start":
                status[0] = message["status"]
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        try:
            refused = self._refused(request)
            answer: Callable[..., Awaitable[None]] = refused or app
            await answer(scope, receive, sending)
        except ClientDisconnect:
            pass  # nobody is there to be told
        finally:
            service.metrics.requests.labels(path, str(status[0])).inc()

    def _refused(self, request: Request) -> Response | None:
        if not self.service.allows(request):
            told = {"error": "the token is missing or wrong; send Authorization: Bearer TOKEN"}
            page = self.service.shows(request.scope["path"])
            way = 'Basic realm="swinsr", charset="UTF-8"' if page else "Bearer"
            return JSONResponse(told, 401, {"WWW-Authenticate": way})
        origin = request.headers.get("origin")
        if origin is not None and _host_of(origin) != request.headers.get("host"):
            return JSONResponse({"error": "pages of other servers are not answered"}, 403)
        return None


def _host_of(origin: str) -> str:
    """Host and port; "" of what is no address."""
    try:
        return urlsplit(origin).netloc
    except ValueError:
        return ""


def _password(given: str) -> str:
    """That of HTTP's basic authentication; "" where there is none. Source: RFC 7617."""
    try:
        plain = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return plain.decode("utf-8", "surrogateescape").partition(":")[2]


async def _left(request: Request) -> None:
    """Ends when the client leaves; after the whole body nothing else can come."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusedError)
    return JSONResponse({"error": error.text}, error.status, error.headers)


def _missing(request: Request, error: Exception) -> Response:
    status = getattr(error, "status_code", 404)
    return JSONResponse({"error": "there is nothing here; see /docs"}, status)


def _answer(made: Made, upload: Received) -> Response:
    form = output_format(made.path)
    kind = _TYPES.get(form, ALL[form].suffixes[0][1:])
    return FileResponse(
        made.path,
        media_type=f"image/{kind}",
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(made.path.name)}",
            "Swinsr-Record": json.dumps(json.loads(made.record.to_json())),
        },
        background=BackgroundTask(_remove, upload),
    )


def _remove(upload: Received) -> None:
    """Everything of one request."""
    for path in upload.path.parent.glob("*"):
        path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # what a job still writes goes with the sweep
        upload.path.parent.rmdir()
