"""Clients with bad manners: lengths that are lies, bytes that drip, connections that are left."""

import contextlib
import functools
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

HEAD = b'--cut\r\nContent-Disposition: form-data; name="files"; filename="x.png"\r\n\r\n'
TAIL = b"\r\n--cut--\r\n"
# Longer than the server waits for a body; see `swinsr.demo.serving.guard`.
PATIENCE = 75.0


@dataclass(frozen=True)
class Level:
    """What a process holds: threads, open files (sockets among them) and MiB in memory."""

    threads: int
    files: int
    memory: float

    @classmethod
    def of(cls, process: int) -> "Level":
        """Now, from /proc."""
        place = Path(f"/proc/{process}")
        text = (place / "status").read_text(encoding="ascii")
        line = next(line for line in text.splitlines() if line.startswith("VmRSS:"))
        threads, files = (len(list((place / name).iterdir())) for name in ("task", "fd"))
        return cls(threads, files, round(int(line.split()[1]) / 1024, 1))


class Heartbeat:
    """Asks for a server's health again and again, within a block.

    Attributes:
        slowest: seconds until an answer.
        beats: answers.
        faults: what was answered instead.
    """

    def __init__(self, ask: Callable[[], object], pause: float = 0.25) -> None:
        self._ask, self._pause, self._over = ask, pause, threading.Event()
        self.slowest, self.beats = 0.0, 0
        self.faults: list[str] = []
        self._thread = threading.Thread(target=self._beat)

    def __enter__(self) -> "Heartbeat":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._pause):
            start = time.monotonic()
            try:
                self._ask()
            except OSError as error:
                self.faults.append(f"no health after {time.monotonic() - start:.1f} s: {error}")
            self.beats += 1
            self.slowest = max(self.slowest, time.monotonic() - start)


class Rude:
    """Requests that no library would send, to one server."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.address = (str(parts.hostname), int(parts.port or 0))

    @contextlib.contextmanager
    def connection(self) -> Iterator[socket.socket]:
        """A connection that is closed at the end."""
        with socket.create_connection(self.address, timeout=PATIENCE) as opened:
            yield opened

    def status(self, opened: socket.socket) -> int:
        """Of the answer; 0 where the server hung up without one."""
        answer = b""
        with contextlib.suppress(ConnectionError):
            while b"\r\n" not in answer and (more := opened.recv(4096)):
                answer += more
        return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0

    def post(self, headers: Mapping[str, str], body: bytes, path: str = "upload") -> int:
        """The status of a POST whose headers are exactly these."""
        with self.connection() as opened:
            with contextlib.suppress(ConnectionError):  # it may answer before it has read all
                opened.sendall(_request(path, headers) + body)
            return self.status(opened)

    def announced_more(self) -> int:
        """More bytes announced than sent, the connection closed for writing."""
        with self.connection() as opened:
            opened.sendall(_request("upload", {"Content-Length": "5000"}) + HEAD + b"abc")
            opened.shutdown(socket.SHUT_WR)
            return self.status(opened)

    def left_half_way(self) -> int:
        """The same, and gone without waiting."""
        with self.connection() as opened:
            opened.sendall(_request("upload", {"Content-Length": "5000"}) + HEAD + b"abc")
        return 0

    def announced_less(self) -> int:
        """Fewer bytes announced than sent."""
        return self.post({"Content-Length": "20"}, HEAD + bytes(3000) + TAIL)

    def no_length(self) -> int:
        """A body with neither a length nor chunks."""
        return self.post({}, HEAD + b"abc" + TAIL)

    def no_number(self) -> int:
        """Lengths that are none."""
        found = {
            self.post({"Content-Length": text}, HEAD + b"abc" + TAIL)
            for text in ("-5", "ten", "1e3", "0x20", "5, 6")
        }
        return max(found)

    def far_too_long(self) -> int:
        """A length beyond every limit; no byte of it is sent."""
        return max(self.post({"Content-Length": "9" * digits}, b"") for digits in (12, 19))

    def endless(self) -> int:
        """Chunks without an end, to a path that takes little."""
        chunk = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
        return self.post({"Transfer-Encoding": "chunked"}, chunk * 40, "call/v2/upscale")

    def endless_upload(self, limit: int) -> int:
        """A file in chunks, longer than `limit`."""
        chunk = b"10000\r\n" + bytes(1 << 16) + b"\r\n"
        head = b"%x\r\n%b\r\n" % (len(HEAD), HEAD)
        body = head + chunk * (limit // (1 << 16) + 4)
        return self.post({"Transfer-Encoding": "chunked"}, body)

    def silent(self) -> int:
        """A body that never comes."""
        return self.post({"Content-Length": "5000"}, HEAD)

    def dripping(self) -> int:
        """A byte now and then."""
        with self.connection() as opened:
            opened.sendall(_request("upload", {"Content-Length": "5000"}) + HEAD)
            end = time.monotonic() + PATIENCE
            opened.settimeout(0.5)
            while time.monotonic() < end:
                with contextlib.suppress(TimeoutError):
                    return self.status(opened)
                try:
                    opened.sendall(b"x")
                except ConnectionError:
                    return 0
            return -1

    def opened_and_left(self, data: bytes = b"") -> float:
        """Seconds until the server hangs up on a connection that says no more than `data`."""
        start = time.monotonic()
        with self.connection() as opened:
            opened.sendall(data)
            with contextlib.suppress(ConnectionError):
                while opened.recv(4096):
                    pass
        return time.monotonic() - start

    def everything(self, limit: int, *, idle: int) -> list[str]:
        """All of it at once; what was answered otherwise than it should be.

        Args:
            limit: bytes that the server takes.
            idle: connections of each of the kinds that only wait.
        """
        wanted: list[tuple[str, Callable[[], float], Callable[[float], bool]]] = [
            ("more announced than sent", self.announced_more, lambda s: s in (0, 400)),
            ("left half way", self.left_half_way, lambda s: s == 0),
            # A form that ends early or is empty holds no files: [] is the answer.
            ("less announced than sent", self.announced_less, lambda s: s in (200, 400)),
            ("no length", self.no_length, lambda s: s in (200, 400)),
            ("no number", self.no_number, lambda s: s == 400),
            ("far too long", self.far_too_long, lambda s: s == 413),
            ("endless", self.endless, lambda s: s in (0, 413)),
            ("endless upload", lambda: self.endless_upload(limit), lambda s: s in (0, 413)),
        ]
        for data in (b"", b"GET / HT", b"GET /health HTTP/1.1\r\nHost: x\r\n\r\nGET /"):
            act = functools.partial(self.opened_and_left, data)
            wanted += [(f"opened and left after {data!r}", act, lambda s: s < PATIENCE)] * idle
        wanted += [("silent", self.silent, lambda s: s in (0, 408))] * idle
        wanted += [("dripping", self.dripping, lambda s: s in (0, 408))] * idle
        faults: list[str] = []

        def check(name: str, act: Callable[[], float], fine: Callable[[float], bool]) -> None:
            try:
                answer = act()
            except OSError as error:
                faults.append(f"{name}: {error}")
                return
            if not fine(answer):
                faults.append(f"{name}: {answer:g}")

        threads = [threading.Thread(target=check, args=each) for each in wanted]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return faults


def _request(path: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"POST /gradio_api/{path} HTTP/1.1", "Host: localhost"]
    lines.append(
        "Content-Type: multipart/form-data; boundary=cut"
        if path == "upload"
        else "Content-Type: application/json"
    )
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode()
