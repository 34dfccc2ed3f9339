"""`swinsr demo`: the web page."""

import errno
import socket
import sys
import threading

import typer

from swinsr.cli.views.console import report_line, report_note
from swinsr.demo import Limits
from swinsr.errors import ConfigError

_DEFAULT = Limits()


def demo(
    host: str = typer.Option("127.0.0.1", help="Address to listen at; 0.0.0.0 for all."),
    port: int = typer.Option(7860, min=1, max=65535, help="Port to listen at."),
    share: bool = typer.Option(False, "--share", help="Also reachable by a public address."),
    auth: list[str] = typer.Option(
        [],
        "--auth",
        metavar="NAME:PASSWORD",
        envvar="SWINSR_DEMO_AUTH",
        help="Ask for a login; several times for several.",
        show_default=False,
    ),
    max_pixels: int = typer.Option(
        _DEFAULT.max_pixels, min=1, help="Largest picture that is taken."
    ),
    max_bytes: int = typer.Option(_DEFAULT.max_bytes, min=1, help="Largest file that is taken."),
    max_files: int = typer.Option(_DEFAULT.max_files, min=1, help="Pictures in a batch."),
    concurrency: int = typer.Option(
        _DEFAULT.concurrency, min=1, help="Jobs at a time; the others wait in a queue."
    ),
    queue: int = typer.Option(_DEFAULT.queue, min=1, help="Jobs that may wait."),
    time_limit: float = typer.Option(_DEFAULT.seconds, min=1, help="Seconds that a job may take."),
    keep: float = typer.Option(
        _DEFAULT.keep_seconds, min=1, help="Seconds until uploads and results are deleted."
    ),
    device: str = typer.Option("auto", help="auto, cpu, cuda, cuda:1, xpu, mps."),
    precision: str = typer.Option("auto", help="As for `swinsr upscale`."),
) -> None:
    """Serve a web page that upscales and restores pictures.

    It runs until it is stopped with Ctrl-C, and leaves nothing behind.
    """
    limits = Limits(
        max_pixels=max_pixels,
        max_output_pixels=16 * max_pixels,
        max_bytes=max_bytes,
        max_files=max_files,
        seconds=time_limit,
        concurrency=concurrency,
        queue=queue,
        keep_seconds=keep,
    )
    logins = [_login(text) for text in auth]
    from swinsr.demo.serving.opening import check_gradio

    check_gradio()
    check_free(host, port)
    report_note("starting; this takes some seconds")
    from swinsr.demo.serving.server import serve

    with serve(
        limits,
        host=host,
        port=port,
        share=share,
        auth=logins,
        device=device,
        precision=precision,
        opened=lambda url: report_line(f"swinsr demo at {url}"),
    ) as running:
        report_note("ready; stop it with Ctrl-C")
        if running.share_url is not None:
            report_line(f"public at {running.share_url}")
        threading.Event().wait()


def check_free(host: str, port: int) -> None:
    """Refuse an address that cannot be listened at, before anything is loaded for it.

    Raises:
        ConfigError: it is taken, or not this machine's.
    """
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            if sys.platform != "win32":
                # As servers do: what is still closing from an earlier one does not count.
                trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(place)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise ConfigError(
                f"port {port} of {host} is taken by another program; choose another with --port"
            ) from error
        raise ConfigError(
            f"the server cannot listen at {host}, port {port} ({error.strerror or error}); choose "
            "another with --host or --port"
        ) from error


def _login(text: str) -> tuple[str, str]:
    """A name and a password.

    Raises:
        ConfigError: one of them is missing.
    """
    name, colon, password = text.partition(":")
    if not (name and colon and password):
        raise ConfigError("--auth takes a name and a password with a colon between them")
    return name, password
