"""The one folder that the server writes to and hands files out of; nothing stays in it for long."""

import os
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from swinsr.errors import ImageReadError
from swinsr.storage.folder import TemporaryFolder


class Folder:
    """A private temporary folder whose files are deleted when they are old, and all at the end.

    What a server that was killed left is deleted by the next one.
    """

    def __init__(self, keep_seconds: float, prefix: str = "swinsr-demo-") -> None:
        """Make it, readable by this user alone.

        Args:
            keep_seconds: age at which a file is deleted.
            prefix: of its name.
        """
        self._folder = TemporaryFolder(prefix)
        self.root = self._folder.path
        self.keep_seconds = keep_seconds
        self._kept: frozenset[Path] = frozenset()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def new_file(self, name: str) -> Path:
        """A path for an output of this name, in a new folder that nobody can guess."""
        return Path(tempfile.mkdtemp(prefix="out-", dir=self.root)) / name

    def copy_of(self, file: Path) -> Path:
        """A copy that may be handed out."""
        copy = self.new_file(file.name)
        shutil.copyfile(file, copy)
        return copy

    def check_inside(self, path: str) -> Path:
        """A file that was uploaded to this server, by the path that a client sent.

        Raises:
            ImageReadError: it lies elsewhere, or is no longer there.
        """
        try:
            real = Path(path).resolve(strict=True)
        except (OSError, ValueError, RuntimeError):
            raise ImageReadError(
                "the picture is no longer on the server; upload it again"
            ) from None
        if not real.is_relative_to(self.root) or not real.is_file():
            raise ImageReadError("only pictures that were uploaded can be read; upload it first")
        return real

    def keep_present(self) -> None:
        """Never delete what is there now before the end: the page's own example pictures."""
        self._kept = frozenset(self._files())

    def size(self) -> int:
        """Bytes of all files."""
        total = 0
        for path in self._files():
            with suppress(OSError):  # deleted meanwhile
                total += path.stat().st_size
        return total

    def visitors_files(self) -> list[Path]:
        """Files that are there because of visitors."""
        return [path for path in self._files() if path not in self._kept]

    def sweep(self, now: float | None = None) -> None:
        """Delete files older than `keep_seconds`, and folders that this leaves empty."""
        oldest = (time.time() if now is None else now) - self.keep_seconds
        for path in self.visitors_files():
            with suppress(OSError):
                if path.stat().st_mtime < oldest:
                    path.unlink()
        for name, _, _ in os.walk(self.root, topdown=False):
            folder = Path(name)
            with suppress(OSError):  # not empty, or gone
                if folder != self.root and folder.stat().st_mtime < oldest:
                    folder.rmdir()

    def start(self, every: float = 60.0) -> None:
        """Sweep now and then until `close`."""
        pause = min(every, max(self.keep_seconds / 4, 0.5))

        def run() -> None:
            while not self._stop.wait(pause):
                self.sweep()

        self._thread = threading.Thread(target=run, name="swinsr-demo-sweep", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop sweeping and delete the folder."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join(timeout=5.0)
        self._folder.remove()

    def _files(self) -> Iterator[Path]:
        # `Path.rglob` raises where another thread deletes a folder meanwhile; this does not.
        for folder, _, names in os.walk(self.root):
            for name in names:
                yield Path(folder) / name
