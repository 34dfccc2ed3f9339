"""What happens in a folder, heard in a thread of its own.

`watchfiles` answers signals itself where it waits in the main thread; here they are the program's.
"""

import queue
import threading
from collections.abc import Generator
from pathlib import Path

from swinsr.errors import ConfigError
from swinsr.install import install_extra

_TICK_SECONDS = 0.25


def listen(
    folder: Path, stop: threading.Event, *, recursive: bool, poll: bool
) -> Generator[set[str], None, None]:
    """The names that something happened to, or none where nothing did for a moment.

    Args:
        folder: to listen to.
        stop: ends it.
        recursive: the folders within it too.
        poll: look again and again instead.

    Raises:
        ConfigError: watchfiles is not installed, or the system cannot watch the folder.
    """
    try:
        import watchfiles
    except ModuleNotFoundError as error:
        raise ConfigError(
            f"to watch a folder, watchfiles has to be installed: {install_extra('watch')}"
        ) from error
    heard: queue.SimpleQueue[set[str] | Exception] = queue.SimpleQueue()
    ended = threading.Event()

    def run() -> None:
        try:
            for changes in watchfiles.watch(
                folder, watch_filter=None, debounce=100, step=50, stop_event=ended,
                rust_timeout=int(1000 * _TICK_SECONDS), yield_on_timeout=True,
                recursive=recursive, force_polling=poll,
            ):  # fmt: skip
                heard.put({name for _, name in changes})
        # Its own errors are RuntimeErrors.
        except (OSError, RuntimeError) as error:
            heard.put(error)

    thread = threading.Thread(target=run, name="swinsr-listen", daemon=True)
    thread.start()
    try:
        while not stop.is_set():
            try:
                found = heard.get(timeout=_TICK_SECONDS)
            except queue.Empty:
                continue
            if isinstance(found, Exception):
                raise ConfigError(
                    f"{folder}: it can no longer be watched ({found}); check that it is there, or "
                    "use --poll"
                ) from found
            yield found
    finally:
        ended.set()
        thread.join()
