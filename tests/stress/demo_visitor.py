"""A visitor of the demo who is a program, and what was measured of the demo's answers."""

import json
import threading
import urllib.error
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

TIMEOUT = 300


@dataclass
class Found:
    """What was measured; `faults` is empty where all is well."""

    requests: int = 0
    bad: int = 0
    seconds: float = 0.0
    statuses: Counter[int] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    memory_warm: float = 0.0  # MiB
    memory_end: float = 0.0
    memory: list[int] = field(default_factory=list)  # along the way
    files_left: int = 0
    pictures: int = 0  # of every format and fault, in each round
    levels: list[dict[str, float]] = field(default_factory=list)  # before the rounds, after each
    health_slowest: float = 0.0  # seconds, during the rounds
    health_answers: int = 0
    faults: list[str] = field(default_factory=list)


class Visitor:
    """One client's requests; statuses are counted."""

    def __init__(self, url: str, found: Found, lock: threading.Lock) -> None:
        self.url, self.found, self.lock = url, found, lock

    def ask(self, path: str, data: bytes | None = None, kind: str = "application/json") -> Any:
        """(status, body) of one request."""
        request = urllib.request.Request(f"{self.url}{path}", data, {"Content-Type": kind})
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:
                status, body = int(answer.status), answer.read()
        except urllib.error.HTTPError as error:
            status, body = error.code, error.read()
            error.close()
        with self.lock:
            self.found.statuses[status] += 1
        return status, body

    def upload(self, file: Path) -> tuple[int, str]:
        """(status, path on the server)."""
        head = f'--cut\r\nContent-Disposition: form-data; name="files"; filename="{file.name}"'
        body = head.encode() + b"\r\n\r\n" + file.read_bytes() + b"\r\n--cut--\r\n"
        status, answer = self.ask("/gradio_api/upload", body, "multipart/form-data; boundary=cut")
        return status, json.loads(answer)[0] if status == 200 else ""

    def upscale(self, path: str, **options: Any) -> tuple[str, Any]:
        """("complete", results) or ("error", sentence)."""
        picture = {"path": path, "meta": {"_type": "gradio.FileData"}}
        body = json.dumps({"picture": picture, **options}).encode()
        status, answer = self.ask("/gradio_api/call/v2/upscale", body)
        if status != 200:
            return f"status {status}", answer.decode()
        event = json.loads(answer)["event_id"]
        status, answer = self.ask(f"/gradio_api/call/upscale/{event}")
        lines = answer.decode().strip().splitlines()
        name, data = lines[-2].removeprefix("event: "), lines[-1].removeprefix("data: ")
        return name, json.loads(data)
