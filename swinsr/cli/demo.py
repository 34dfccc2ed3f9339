"""`swinsr demo`: the web page."""

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
    """Serve a web page that upscales and restores pictures, until it is stopped with Ctrl-C."""
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
    from swinsr.demo.server import serve

    report_note("starting; this takes some seconds")
    with serve(
        limits, host=host, port=port, share=share, auth=logins, device=device, precision=precision
    ) as running:
        report_line(f"swinsr demo at {running.url}")
        if running.share_url is not None:
            report_line(f"public at {running.share_url}")
        threading.Event().wait()


def _login(text: str) -> tuple[str, str]:
    """A name and a password.

    Raises:
        ConfigError: one of them is missing.
    """
    name, colon, password = text.partition(":")
    if not (name and colon and password):
        raise ConfigError("--auth takes a name and a password with a colon between them.")
    return name, password
