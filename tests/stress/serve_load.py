"""Many clients ask a server for minutes, some of them badly: all are answered, nothing leaks.

python -m tests.stress.serve_load [--clients 16] [--seconds 180] [--page]

Exits with 1 on an answer that should be another, on growth, or on files that are left.
"""

import argparse
import http.client
import io
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from tests.stress.batch_memory import resident_bytes

BAD = 0.1  # share of requests that are to be refused
GROWTH_BYTES = 48 << 20
_WARM_UP = 0.3
_MODELS = ("bicubic", "lanczos", "swinsr-fast-x2")


def picture(rng: random.Random) -> bytes:
    """A PNG or JPEG of some size."""
    side = rng.randrange(16, 96)
    pixels = np.random.default_rng(side).integers(0, 256, (side, side + 9, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, rng.choice(("PNG", "JPEG")))
    return stream.getvalue()


def bad_request(rng: random.Random) -> tuple[str, bytes, int]:
    """A path, a body and the status that it deserves."""
    good = picture(rng)
    return rng.choice(
        [
            ("/v1/upscale?scale=nine", good, 400),
            ("/v1/upscale?model=none", good, 400),
            ("/v1/upscale?model=bicubic", good[: len(good) // 2], 422),
            ("/v1/upscale?model=bicubic", b"http://169.254.169.254/", 422),
            ("/v1/upscale?model=bicubic&scale=2", b"", 400),
            ("/v1/nothing", good, 404),
            ("/v1/upscale?model=bicubic", bytes(5 << 20), 413),
        ]
    )


class Client(threading.Thread):
    """Asks again and again until it is told to end."""

    def __init__(self, address: str, number: int, end: float, leaves: bool) -> None:
        super().__init__()
        self._address, self._rng, self._end = address, random.Random(number), end
        self._leaves = leaves
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []

    def run(self) -> None:
        while time.monotonic() < self._end:
            if self._leaves and self._rng.random() < 0.1:
                self._leave()
            elif self._rng.random() < BAD:
                self._ask(*bad_request(self._rng))
            else:
                model = self._rng.choice(_MODELS)
                self._ask(f"/v1/upscale?model={model}&scale=2", picture(self._rng), 200)

    def _ask(self, path: str, body: bytes, wanted: int) -> None:
        connection = http.client.HTTPConnection(self._address, timeout=120)
        try:
            connection.request("POST", path, body)
            answer = connection.getresponse()
            data = answer.read()
        except (ConnectionError, http.client.HTTPException) as error:
            # A body that is refused by its length alone may meet a closed connection.
            self.counts["reset"] += 1
            if wanted != 413:
                self.wrong.append(f"{path}: {error!r}")
            return
        finally:
            connection.close()
        self.counts[str(answer.status)] += 1
        if answer.status == 429:
            time.sleep(min(int(answer.headers["retry-after"]), 2))
        elif answer.status != wanted:
            self.wrong.append(f"{path}: {answer.status} and not {wanted}: {data[:200]!r}")
        elif wanted == 200:
            with Image.open(io.BytesIO(data)) as made:
                made.load()

    def _leave(self) -> None:
        """Ask and go away before the answer."""
        connection = http.client.HTTPConnection(self._address, timeout=120)
        connection.request("POST", "/v1/upscale?model=swinsr-fast-x2", picture(self._rng))
        connection.close()
        self.counts["left"] += 1


def warm_up(address: str) -> None:
    """Have every model loaded and run once on the largest picture there is."""
    pixels = np.random.default_rng(0).integers(0, 256, (96, 105, 3), np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    for model in _MODELS:
        connection = http.client.HTTPConnection(address, timeout=300)
        connection.request("POST", f"/v1/upscale?model={model}&scale=2", stream.getvalue())
        connection.getresponse().read()
        connection.close()


def asked(address: str, path: str) -> tuple[int, bytes]:
    """Status and body of a path."""
    connection = http.client.HTTPConnection(address, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    return answer.status, answer.read()


def files_in(folder: str) -> set[Path]:
    """All files below a folder."""
    return {path for path in Path(folder).rglob("*") if path.is_file()}


def main() -> int:
    """Run; 0 where all is as it should be."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=180)
    parser.add_argument("--page", action="store_true", help="with the page beside it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "swinsr", "serve", "--port", "0", "--queue", "8"]
        limits = ["--max-bytes", str(4 << 20)]
        page = ["--page"] if options.page else []
        server = subprocess.Popen(
            [*command, *limits, *page], stdout=subprocess.PIPE, text=True,
            env={**os.environ, "TMPDIR": folder},
        )  # fmt: skip
        assert server.stdout is not None
        address = urlsplit(server.stdout.readline().split()[-1]).netloc
        warm_up(address)
        while options.page and asked(address, "/page/health")[0] != 200:
            time.sleep(0.2)
        own = files_in(folder)  # the page's example pictures
        start = time.monotonic()
        end = start + options.seconds
        clients = [Client(address, n, end, n % 4 == 0) for n in range(options.clients)]
        for client in clients:
            client.start()
        memory = []
        while any(client.is_alive() for client in clients):
            time.sleep(1)
            memory.append(resident_bytes(server.pid))
        time.sleep(3)
        left = files_in(folder) - own
        health = json.loads(asked(address, "/healthz")[1])
        server.terminate()
        status = server.wait(60)
        remains = list(Path(folder).iterdir())
    counts: Counter[str] = sum((client.counts for client in clients), Counter())
    wrong = [line for client in clients for line in client.wrong]
    warm = memory[int(len(memory) * _WARM_UP) :]
    growth = warm[-1] - warm[0]
    print(f"{sum(counts.values())} requests in {time.monotonic() - start:.0f} s: {dict(counts)}")
    first, settled, middle, last, most = (
        f"{found / 2**20:.1f}"
        for found in (memory[0], warm[0], warm[len(warm) // 2], warm[-1], max(memory))
    )
    print(
        f"memory {first} MiB at the start, {settled} warm, {middle} in the middle, {last} at the "
        f"end, {most} at most; health {health}; ended with {status}"
    )
    if growth > GROWTH_BYTES:
        wrong.append(f"memory grew by {growth / 2**20:.1f} MiB")
    if left or remains:
        wrong.append(f"files are left: {left or remains}")
    if health["waiting"] or health["running"]:
        wrong.append("jobs are left")
    for line in wrong[:20]:
        print(f"WRONG: {line}")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
