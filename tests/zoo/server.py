"""A local HTTP server that misbehaves as told, one behaviour a request."""

import contextlib
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


class Server:
    """Serves `content` at every path; `script` says how, request by request, the last for good.

    Behaviours: "whole", "cut" (half the bytes), "stall" (half, then silence), "long" and "short"
    (a length that is not true), "no length", "chunked", "cut chunked", "redirect", "loop", "page"
    (an error page as a success), "gzip", "no resume", "wrong part", or a status such as 404.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.script: list[Any] = ["whole"]
        self.tag: str | None = '"v1"'
        self.requests: list[tuple[str, str | None]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                owner.answer(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self.http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.http.daemon_threads = True
        self.thread = threading.Thread(target=self.http.serve_forever, args=(0.01,), daemon=True)
        self.stopped = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http.server_port}"

    def __enter__(self) -> "Server":
        self.thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stopped.set()
        self.http.shutdown()
        self.http.server_close()

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        wanted = request.headers.get("Range")
        self.requests.append((request.path, wanted))
        how = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        request.close_connection = True
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self._answer(request, how, wanted)

    def _answer(self, request: BaseHTTPRequestHandler, how: Any, wanted: str | None) -> None:
        start = 0
        current = request.headers.get("If-Range") in (None, self.tag)
        if wanted and current and how != "no resume":
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
        body = self.content[start:]
        headers: dict[str, object] = {"Content-Length": len(body)}
        status = 206 if start else 200
        if start:
            first = start + 1 if how == "wrong part" else start
            end = len(self.content)
            headers["Content-Range"] = f"bytes {first}-{end - 1}/{end}"
            if start >= end:
                status, body = 416, b""
        send: Callable[[bytes], object] = request.wfile.write
        if isinstance(how, int):
            status, body, headers = how, b"a fault", {"Content-Length": 7}
        elif how == "redirect":
            status, body = 302, b""
            headers = {"Location": f"{self.url}/elsewhere", "Content-Length": 0}
        elif how == "loop":
            status, body = 302, b""
            headers = {"Location": f"{self.url}{request.path}", "Content-Length": 0}
        elif how == "page":
            body = b"<!DOCTYPE html><html>quota exceeded</html>"
            headers = {"Content-Length": len(body), "Content-Type": "text/html"}
        elif how == "long":
            headers["Content-Length"] = len(body) + 1000
        elif how == "short":
            headers["Content-Length"] = len(body) - 10
        elif how == "gzip":
            headers["Content-Encoding"] = "gzip"
        elif how in ("no length", "chunked", "cut chunked"):
            del headers["Content-Length"]
            if how != "no length":
                headers["Transfer-Encoding"] = "chunked"
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, str(value))
        if self.tag is not None:
            request.send_header("ETag", self.tag)
        request.end_headers()
        half = body[: len(body) // 2]
        if how in ("chunked", "cut chunked"):
            sent = body if how == "chunked" else half
            send(f"{len(body):x}\r\n".encode() + sent)
            if how == "chunked":
                send(b"\r\n0\r\n\r\n")
        elif how == "cut":
            send(half)
        elif how == "stall":
            send(half)
            request.wfile.flush()
            self.stopped.wait(5)
        else:
            send(body)
