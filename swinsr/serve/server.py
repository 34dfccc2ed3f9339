"""The server from start to end: its folder, its jobs, its port."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from swinsr.demo.catalogue import Catalogue
from swinsr.demo.folder import Folder
from swinsr.demo.jobs import Jobs
from swinsr.demo.limits import Limits
from swinsr.demo.serving.connections import hang_up_on_idle
from swinsr.demo.serving.opening import check_gradio
from swinsr.errors import ConfigError
from swinsr.install import install_extra

if TYPE_CHECKING:
    from swinsr.serve.page import Door
    from swinsr.serve.work import Shop

# Connections beyond those that may wait: for health, metrics, and to be told that it is too many.
_SPARE_CONNECTIONS = 64
# A visitor's browser holds several.
_PAGE_CONNECTIONS = 128
_END_SECONDS = 5
_WAITING = 2048  # connections that are not taken yet, as uvicorn has it


@dataclass(frozen=True)
class Running:
    """A server that is ready.

    Attributes:
        url: where it answers, on this machine.
        folder: where uploads lie for as long as they are needed.
        wait: serves until a signal or `stop`.
        stop: ends it.
    """

    url: str
    folder: Folder
    wait: Callable[[], None]
    stop: Callable[[], None]


@contextmanager
def serve(
    limits: Limits,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    token: str | None = None,
    precision: str = "auto",
    device: str = "auto",
    page: bool = False,
) -> Iterator[Running]:
    """Listen while the block runs, and answer in `wait`; afterwards nothing is left of it.

    Args:
        limits: what one request may ask for.
        host, port: where to listen; port 0 for any that is free.
        token: that requests have to bring; None for none.
        precision, device: of the models, as for `Upscaler.from_pretrained`.
        page: show the web page, too, below `swinsr.serve.page.PLACE`, with the same models, as
            many jobs at a time in all, and the token as password.

    Raises:
        ConfigError: a package is missing, or the port is taken.
    """
    if page:
        check_gradio()
    uvicorn, service_type = _packages()
    from swinsr.serve.work import Shop

    listener = _listen(host, port)
    folder = Folder(limits.keep_seconds, "swinsr-serve-")
    jobs = Jobs(limits.concurrency, limits.seconds)
    try:
        folder.start()
        shop = Shop(folder, limits, Catalogue(precision=precision, device=device))
        door = _door(shop, jobs) if page else None
        service = service_type(
            shop, jobs, token=token, precision=precision, device=device, door=door
        )
        connections = _SPARE_CONNECTIONS + (_PAGE_CONNECTIONS if page else 0)
        config = uvicorn.Config(
            service.app(),
            log_level="warning",
            access_log=False,
            limit_concurrency=limits.concurrency + limits.queue + connections,
            timeout_graceful_shutdown=_END_SECONDS,
            server_header=False,
        )
        config.load()
        hang_up_on_idle(config)  # else they fill `limit_concurrency`, and nobody is served
        server = uvicorn.Server(config)

        def stop() -> None:
            server.should_exit = True

        address, number = listener.getsockname()[:2]
        name = f"[{address}]" if ":" in address else address
        yield Running(
            f"http://{name}:{number}", folder, lambda: server.run(sockets=[listener]), stop
        )
    finally:
        jobs.close()
        listener.close()
        folder.close()


@contextmanager
def in_background(running: Running) -> Iterator[None]:
    """Serve in a thread while the block runs."""
    thread = threading.Thread(target=running.wait, name="swinsr-serve")
    thread.start()
    try:
        yield
    finally:
        running.stop()
        thread.join()


def _door(shop: "Shop", jobs: Jobs) -> "Door":
    from swinsr.demo.serving.server import mounted
    from swinsr.serve.page import PLACE, Door

    return Door(lambda: mounted(shop.limits, jobs, shop.catalogue, PLACE))


def _packages() -> tuple[Any, Any]:
    try:
        import python_multipart  # noqa: F401
        import uvicorn

        from swinsr.serve.app import Service
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("swinsr"):
            raise
        raise ConfigError(
            f"the server needs {error.name}; install it with `{install_extra('serve')}`"
        ) from error
    return uvicorn, Service


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.socket(family, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(_WAITING)  # so whoever reads the address is answered a moment later
    except OSError as error:
        raise ConfigError(
            f"the server cannot listen at {host}, port {port} ({error.strerror}); choose another "
            "with --port or --host"
        ) from error
    return listener
