"""`swinsr serve`: pictures over HTTP, for programs."""

import typer

from swinsr.cli.views.console import report_line, report_note
from swinsr.demo import Limits

_DEFAULT = Limits()


def serve(
    host: str = typer.Option("127.0.0.1", help="Address to listen at; 0.0.0.0 for all."),
    port: int = typer.Option(8000, min=0, max=65535, help="Port to listen at; 0 for a free one."),
    token: str | None = typer.Option(
        None,
        "--token",
        metavar="TEXT",
        envvar="SWINSR_SERVE_TOKEN",
        help="Answer only requests that bring it.",
        show_default=False,
    ),
    page: bool = typer.Option(
        False,
        "--page",
        help="The page of `swinsr demo`, too, at /page/; the token is its password.",
    ),
    max_pixels: int = typer.Option(
        _DEFAULT.max_pixels, min=1, help="Largest picture that is taken."
    ),
    max_bytes: int = typer.Option(_DEFAULT.max_bytes, min=1, help="Largest file that is taken."),
    concurrency: int = typer.Option(
        _DEFAULT.concurrency, min=1, help="Pictures at a time; the others wait in a queue."
    ),
    queue: int = typer.Option(
        _DEFAULT.queue, min=1, help="Pictures that may wait; for more, 429 is answered."
    ),
    time_limit: float = typer.Option(
        _DEFAULT.seconds, min=1, help="Seconds that a picture may take."
    ),
    device: str = typer.Option("auto", help="auto, cpu, cuda, cuda:1, mps."),
    precision: str = typer.Option("auto", help="As for `swinsr upscale`."),
) -> None:
    """Serve upscaling over HTTP until it is stopped with Ctrl-C; /docs tells how to ask."""
    limits = Limits(
        max_pixels=max_pixels,
        max_output_pixels=16 * max_pixels,
        max_bytes=max_bytes,
        seconds=time_limit,
        concurrency=concurrency,
        queue=queue,
    )
    from swinsr.serve.server import serve

    with serve(
        limits, host=host, port=port, token=token, device=device, precision=precision, page=page
    ) as running:
        if token is None and host not in ("127.0.0.1", "::1", "localhost"):
            report_note("others can reach this server, and it asks for no --token")
        report_line(f"swinsr serve at {running.url}")
        if page:
            report_note(f"its page opens at {running.url}/page/")
        running.wait()
