"""The port, taken at once, and a plain page until the real one is ready."""

import importlib.util
import json
import socket
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from swinsr.demo.assets import asset
from swinsr.errors import ConfigError
from swinsr.install import install_extra
from swinsr.version import __version__

HEALTH = json.dumps({"status": "starting", "version": __version__}).encode()


def loading_page() -> bytes:
    """What a browser shows until the real page answers; it then loads that by itself."""
    return asset("loading.html").replace("<!--mark-->", asset("mark.svg")).encode()


class _Answer(BaseHTTPRequestHandler):
    """The loading page for a browser, 503 for programs."""

    protocol_version = (
        "HTTP/1.0"  # a connection an answer: none is open when the port changes hands
    )
    timeout = 10

    def do_GET(self) -> None:
        """One request."""
        page = self.path.partition("?")[0] in ("/", "/index.html")
        kind, body = "application/json", HEALTH
        if page:
            kind, body = "text/html; charset=utf-8", loading_page()
        # A page is a page; whoever asks for anything else shall ask again.
        self.send_response(HTTPStatus.OK if page else HTTPStatus.SERVICE_UNAVAILABLE)
        for name, value in {
            "Content-Type": kind,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "Retry-After": "1",
            "X-Content-Type-Options": "nosniff",
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing in the terminal."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A visitor who hung up is no fault."""


class Opening:
    """A small server on the port, until `hand_over`."""

    def __init__(self, host: str, port: int) -> None:
        """Take the port and answer on it.

        Raises:
            ConfigError: it is taken, or the address is not this machine's.
        """
        bare = host.removeprefix("[").removesuffix("]")
        try:
            family, _, _, _, address = socket.getaddrinfo(
                bare, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
            )[0]
            server = type("Server", (_Server,), {"address_family": family})
            self._server: ThreadingHTTPServer = server((address[0], port), _Answer)
        except OSError as error:
            raise ConfigError(
                f"the server cannot listen at {host}, port {port}: it is taken or not this "
                "machine's; choose another with --port or --host"
            ) from error
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), name="swinsr-demo-opening", daemon=True
        )
        self._thread.start()
        shown = "localhost" if bare in ("0.0.0.0", "::") else host
        self.url = f"http://{shown}:{port}/"

    def hand_over(self) -> None:
        """Stop answering and let the port go; harmless when it was done before."""
        self._server.shutdown()
        self._thread.join(timeout=5)
        with suppress(OSError):
            self._server.server_close()


def check_gradio() -> None:
    """Look for Gradio without importing it, which takes seconds.

    Raises:
        ConfigError: it is not installed.
    """
    if importlib.util.find_spec("gradio") is None:
        raise ConfigError(f"the web demo needs Gradio; install it with `{install_extra('demo')}`")
