"""The demo as a process of its own, for tests: started once, watched from outside."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

START_SECONDS = 120
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or ""
BROWSER_ARGUMENTS = (
    *("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"),
    *("--disable-component-update", "--no-first-run"),
)


class Demo:
    """A running `swinsr demo`; `temporary` is the folder that its own folder is in."""

    def __init__(self, temporary: Path, *options: str) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.temporary = temporary
        self.log = temporary.with_suffix(".log")
        temporary.mkdir(parents=True, exist_ok=True)
        environment = os.environ | {"TMPDIR": str(temporary), "OMP_NUM_THREADS": "1"}
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "swinsr", "demo", "--port", str(self.port), *options],
                env=environment,
                stdout=log,
                stderr=log,
            )
        self._wait()

    def _wait(self) -> None:
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self.process.poll() is None:
            try:
                self.health()
                return
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        self.stop()
        raise RuntimeError(f"the demo did not start:\n{self.log.read_text()}")

    def health(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/health", timeout=30) as answer:
            found: dict[str, Any] = json.load(answer)
        return found

    def idle(self, seconds: float = 60) -> bool:
        """Whether it works on nothing, or comes to that in time."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.health()["running"] == 0:
                return True
            time.sleep(0.1)
        return False

    def files(self) -> list[Path]:
        # Not rglob: it raises where the server deletes a folder meanwhile.
        return [
            Path(folder) / name for folder, _, names in os.walk(self.temporary) for name in names
        ]

    def stop(self) -> int:
        """End it as Ctrl-C does; its exit status."""
        if self.process.poll() is None:
            self.process.terminate()
        try:
            return self.process.wait(timeout=60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()
