"""The server: the page, its guard and its health, from start to end."""

import os
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from swinsr.demo.assets import asset
from swinsr.demo.catalogue import Catalogue
from swinsr.demo.examples import example_pictures
from swinsr.demo.folder import Folder
from swinsr.demo.jobs import Jobs
from swinsr.demo.limits import Limits
from swinsr.demo.serving.opening import Opening, check_gradio
from swinsr.demo.tasks.convert import Workshop
from swinsr.errors import ConfigError, SwinsrError
from swinsr.version import __version__

SESSIONS = 32


@dataclass(frozen=True)
class PageServer:
    """A server that answers.

    Attributes:
        url: where, on this machine.
        share_url: where on the internet, if that was asked for.
        folder: what it writes to.
        jobs: what it works on.
    """

    url: str
    share_url: str | None
    folder: Folder
    jobs: Jobs


@contextmanager
def serve(
    limits: Limits,
    *,
    host: str = "127.0.0.1",
    port: int = 7860,
    share: bool = False,
    auth: Sequence[tuple[str, str]] = (),
    precision: str = "auto",
    device: str = "auto",
    opened: Callable[[str], object] | None = None,
) -> Iterator[PageServer]:
    """Serve the page while the block runs; afterwards nothing is left of it.

    Args:
        limits: what one visitor may ask for.
        host: the address to listen at; "0.0.0.0" for all.
        port: to listen at.
        share: also make it reachable from the internet, through Gradio's tunnel.
        auth: names and passwords; empty for no login.
        precision, device: of the models, as for `Upscaler.from_pretrained`.
        opened: notified with the address once it answers, first with a page that says so: what the
            real one needs is loaded behind it.

    Raises:
        ConfigError: Gradio is not installed, the port is taken, or the tunnel cannot be made.
    """
    check_gradio()
    opening = Opening(host, port)
    folder = Folder(limits.keep_seconds)
    try:
        if opened is not None:
            opened(opening.url)
        jobs = Jobs(limits.concurrency, limits.seconds)
        catalogue = Catalogue(precision=precision, device=device)
        shop = Workshop(folder, limits, catalogue)
        with _everything_in(folder.root):
            blocks, launched = _launch(shop, jobs, opening, host, port, share, auth)
            try:
                folder.start()
                # What a first visitor would wait for, while they look at the page.
                threading.Thread(
                    target=_warm_up, args=(catalogue,), name="swinsr-demo-warm-up", daemon=True
                ).start()
                yield PageServer(launched[1], launched[2] or None, folder, jobs)
            finally:
                jobs.close()
                blocks.close(verbose=False)
    finally:
        opening.hand_over()
        folder.close()


def _warm_up(catalogue: Catalogue) -> None:
    with suppress(SwinsrError):  # whoever asks for the model is told
        catalogue.warm_up()


def health(jobs: Jobs, catalogue: Catalogue) -> dict[str, Any]:
    """What `/health` answers."""
    return {
        "status": "ok",
        "version": __version__,
        "running": jobs.running,
        "models_loaded": catalogue.loaded,
    }


def _launch(
    shop: Workshop,
    jobs: Jobs,
    opening: Opening,
    host: str,
    port: int,
    share: bool,
    auth: Sequence[tuple[str, str]],
) -> tuple[Any, tuple[Any, str, str | None]]:
    """The page, and what Gradio's `launch` returned."""
    from swinsr.demo.serving.connections import hang_up_on_idle

    blocks, options = _built(shop, jobs)
    opening.hand_over()
    try:
        launched = blocks.launch(
            server_name=host,
            server_port=port,
            share=share,
            auth=list(auth) or None,
            prevent_thread_lock=True,
            quiet=True,
            inbrowser=False,
            # Half a megabyte each, one for each call of the API; the page needs nothing of them.
            state_session_capacity=SESSIONS,
            num_workers=0,
            **options,
        )
    except OSError as error:
        raise ConfigError(
            f"the server cannot listen at {host}, port {port}: it is taken or not this machine's; "
            "choose another with --port or --host"
        ) from error
    except RuntimeError as error:
        raise ConfigError(f"the page cannot be shared ({error}); leave out --share") from error
    hang_up_on_idle(blocks.server.config)
    return blocks, launched


def _built(shop: Workshop, jobs: Jobs) -> tuple[Any, dict[str, Any]]:
    """The page, and how Gradio is to serve it, whoever listens."""
    from starlette.middleware import Middleware
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    from swinsr.demo.app import build
    from swinsr.demo.serving.guard import Guard
    from swinsr.demo.widgets.page import Page
    from swinsr.demo.widgets.theme import theme

    async def answer_health(request: object) -> JSONResponse:
        return JSONResponse(health(jobs, shop.catalogue))

    examples = tuple(shop.folder.copy_of(file) for file in example_pictures())
    blocks = build(Page(shop, jobs, examples))
    # Before the first visitor's file can be there.
    shop.folder.keep_present()
    return blocks, {
        # Errors that are not the visitor's stay in the server's log.
        "show_error": False,
        "max_file_size": shop.limits.max_bytes,
        # Nothing but the temporary folder, whatever the environment says.
        "allowed_paths": [str(shop.folder.root / "none")],
        "ssr_mode": False,
        "mcp_server": False,
        "enable_monitoring": False,
        "run_history": False,
        "pwa": False,
        "footer_links": ["api"],
        "theme": theme(),
        "head": f"<style>{asset('page.css')}</style><script>{asset('page.js')}</script>",
        "app_kwargs": {
            "routes": [Route("/health", answer_health)],
            "middleware": [Middleware(Guard, folder=shop.folder, limits=shop.limits)],
        },
    }


@contextmanager
def mounted(limits: Limits, jobs: Jobs, catalogue: Catalogue, path: str) -> Iterator[Any]:
    """The page as an application for another server, below a path of it.

    It takes seconds to build. Afterwards nothing is left of it but `jobs`, which are the other's.

    Args:
        limits: what one visitor may ask for.
        jobs, catalogue: that runs the work, and its models.
        path: where the page is, as "/page".

    Yields:
        A `fastapi.FastAPI`; its lifespan has to be entered.
    """
    folder = Folder(limits.keep_seconds)
    try:
        with _everything_in(folder.root):
            import fastapi
            import gradio  # which settles at once where it writes

            shop = Workshop(folder, limits, catalogue)
            blocks, options = _built(shop, jobs)
            blocks.state_session_capacity = SESSIONS
            outer = fastapi.FastAPI(openapi_url=None)
            gradio.mount_gradio_app(outer, blocks, path, **options)
            folder.start()
            try:
                yield outer
            finally:
                blocks.close(verbose=False)
    finally:
        folder.close()


@contextmanager
def _everything_in(root: Path) -> Iterator[None]:
    """Let this process, Gradio above all, write temporary files to one folder only."""
    wanted: Mapping[str, str] = {
        "GRADIO_TEMP_DIR": str(root),
        "GRADIO_EXAMPLES_CACHE": str(root / "cached"),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    before = {name: os.environ.get(name) for name in wanted}
    temporary = tempfile.tempdir
    os.environ.update(wanted)
    tempfile.tempdir = str(root)
    try:
        yield
    finally:
        tempfile.tempdir = temporary
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
