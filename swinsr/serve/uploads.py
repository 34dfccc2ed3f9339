"""A request's picture, written to a file as it comes, and cut off where it becomes too long."""

import asyncio
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path

from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from swinsr.demo.folder import Folder
from swinsr.demo.limits import IDLE_SECONDS, Limits
from swinsr.demo.names import safe_name

# Of a form around its picture.
_FORM_BYTES = 1 << 16
_BLOCK = 1 << 20


class RefusedError(Exception):
    """A request that is answered with a sentence."""

    def __init__(self, status: int, text: str, headers: dict[str, str] | None = None) -> None:
        """`status` is HTTP's."""
        super().__init__(text)
        self.status, self.text, self.headers = status, text, headers or {}


@dataclass(frozen=True)
class Received:
    """An upload.

    Attributes:
        path: where it lies.
        name: as the client calls it, safe.
        options: that came in the form.
        size: bytes.
    """

    path: Path
    name: str
    options: dict[str, str]
    size: int


async def receive(request: Request, folder: Folder, limits: Limits) -> Received:
    """Take a request's picture: the body as it is, or the form's field `file`.

    Raises:
        RefusedError: too long, too slow, no picture, or the server's folder is full.
        ClientDisconnect: the client left.
    """
    announced = request.headers.get("content-length", "")
    form = request.headers.get("content-type", "").startswith("multipart/form-data")
    allowed = limits.max_bytes + (_FORM_BYTES if form else 0)
    if announced.isdigit() and int(announced) > allowed:
        raise _too_long(limits)
    if folder.size() >= limits.folder_bytes:
        raise RefusedError(507, "this server is full; try again later")
    path = folder.new_file("upload")
    try:
        if form:
            return await _form(request, path, limits, allowed)
        size = 0
        with path.open("wb") as file:
            async for block in _counted(request, limits, allowed):
                size += len(block)
                await asyncio.to_thread(file.write, block)
        if size == 0:
            raise RefusedError(400, "there is no picture in the request; send its bytes as body")
        return Received(path, safe_name(request.query_params.get("name", "")), {}, size)
    except BaseException:
        path.unlink(missing_ok=True)
        path.parent.rmdir()
        raise


async def _form(request: Request, path: Path, limits: Limits, allowed: int) -> Received:
    parser = MultiPartParser(
        request.headers, _counted(request, limits, allowed), max_files=1, max_fields=32
    )
    try:
        form = await parser.parse()
    except (MultiPartException, HTTPException) as error:
        text = getattr(error, "message", None) or getattr(error, "detail", "it is damaged")
        raise RefusedError(400, f"the form cannot be read: {text}") from error
    except (KeyError, ValueError) as error:
        raise RefusedError(400, "the form cannot be read: its boundary is missing") from error
    try:
        upload = form.get("file")
        if not isinstance(upload, UploadFile):
            raise RefusedError(400, "there is no picture in the form; send it as the field `file`")
        size = 0
        with path.open("wb") as file:
            while block := await upload.read(_BLOCK):
                size += len(block)
                await asyncio.to_thread(file.write, block)
        if size > limits.max_bytes:
            raise _too_long(limits)
        if size == 0:
            raise RefusedError(400, "the picture in the form is empty")
        options = {name: value for name, value in form.items() if isinstance(value, str)}
        return Received(path, safe_name(upload.filename or ""), options, size)
    finally:
        await form.close()


async def _counted(request: Request, limits: Limits, allowed: int) -> AsyncGenerator[bytes, None]:
    """The body, block by block."""
    left = allowed
    stream = request.stream()
    while True:
        try:
            block = await asyncio.wait_for(anext(stream), IDLE_SECONDS)
        except StopAsyncIteration:
            return
        except (asyncio.TimeoutError, TimeoutError):
            raise RefusedError(
                408, f"nothing came for {IDLE_SECONDS:g} seconds; send the picture again"
            ) from None
        left -= len(block)
        if left < 0:
            raise _too_long(limits)
        yield block


def _too_long(limits: Limits) -> RefusedError:
    return RefusedError(413, f"a picture may have at most {limits.max_bytes:,} bytes here")


__all__ = ["IDLE_SECONDS", "ClientDisconnect", "Received", "RefusedError", "receive"]
