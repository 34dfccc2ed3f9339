"""Many visitors at once, some of them bad: does the demo stay up, small and clean?

    python -m tests.stress.demo_soak                   # 8 clients, 200 requests, 10 minutes at most
    python -m tests.stress.demo_soak --json soak.json  # also written down
    python -m tests.stress.demo_soak --requests 8 --rounds 1 --crowd 40 --idle 4    # the short form

It starts `swinsr demo` as a process of its own and talks to its documented endpoints over plain
HTTP: upload, call, wait for the answer, download. A tenth of the requests are bad: pictures cut
short, bombs, archives, texts, too many bytes, names of other files, unknown models. It fails where
an answer is not the expected one, a status is 5xx, memory has grown by more than a tenth since the
first quarter of the requests, or a visitor's file is left in the temporary folder.

Then come rounds, each of three parts: pictures of every format and every kind of fault, whose
results must be the bytes, and whose errors the sentence, of `swinsr.files`; many visitors at the
same moment; requests that lie about their length, that drip, and connections that are left. The
server must go on answering for its health, and hold no more threads, files and memory afterwards.
"""

import argparse
import html
import json
import random
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from swinsr.demo.limits import Limits
from swinsr.image import probe_image
from tests.demo import samples
from tests.demo.server import Demo
from tests.stress import demo_pictures
from tests.stress.demo_manners import Heartbeat, Level, Rude

GROWTH = 1.10
KEEP_SECONDS = 30
MAX_PIXELS = 200_000
MAX_BYTES = 2_000_000
LARGE_MODELS = ("swinsr-light-x4", "swinsr-light-x2", "bicubic")
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


def good(visitor: Visitor, rng: random.Random, folder: Path) -> str:
    """Upscale a picture of some size and fetch the result."""
    height, width = rng.randint(8, 160), rng.randint(8, 160)
    model, scale = rng.choice(LARGE_MODELS), rng.choice((2, 3, 4))
    suffix = rng.choice((".png", ".jpg", ".webp", ".tif"))
    file = samples.picture(folder / f"{rng.getrandbits(48):x}{suffix}", height, width)
    status, path = visitor.upload(file)
    file.unlink()
    assert status == 200, f"an upload of {height}x{width} answered {status}"
    outcome, answer = visitor.upscale(path, model=model, scale=scale)
    assert outcome == "complete", f"{model} x{scale} of {width}x{height}: {answer}"
    result, details = answer
    assert details["output_size"] == [width * scale, height * scale], details
    status, body = visitor.ask(f"/gradio_api/file={result['path']}")
    assert status == 200, f"a result answered {status}"
    header = probe_image(body)
    assert (header.width, header.height) == (width * scale, height * scale)
    return "upscaled"


def _refused_picture(make: Callable[[Path], Path], words: str) -> Callable[..., str]:
    def bad(visitor: Visitor, rng: random.Random, folder: Path) -> str:
        file = make(folder / f"{rng.getrandbits(48):x}.png")
        status, path = visitor.upload(file)
        assert status == 200, f"an upload answered {status}"
        outcome, answer = visitor.upscale(path)
        told = str(answer.get("error") if isinstance(answer, dict) else answer)
        assert outcome == "error" and words in told, f"{words!r} expected, {outcome}: {told}"
        return f"refused: {words}"

    return bad


def _text(path: Path) -> Path:
    path.write_text("<script>alert(1)</script>" * 100)
    return path


def more_than_it_says(visitor: Visitor, rng: random.Random, folder: Path) -> str:
    """Far more data than its size needs: only what is needed is unpacked."""
    _, path = visitor.upload(samples.lying_png(folder / f"{rng.getrandbits(48):x}.png"))
    outcome, answer = visitor.upscale(path, scale=2)
    assert outcome == "complete", f"{outcome}: {answer}"
    assert answer[1]["output_size"] == [16, 16], answer
    return "ignored: more data than pixels"


def too_many_bytes(visitor: Visitor, rng: random.Random, folder: Path) -> str:
    """More than the server takes."""
    file = folder / f"{rng.getrandbits(48):x}.png"
    file.write_bytes(bytes(MAX_BYTES + 1))
    status, _ = visitor.upload(file)
    assert status == 413, f"too many bytes answered {status}"
    return "refused: 413"


def other_files(visitor: Visitor, rng: random.Random, folder: Path) -> str:
    """Files that were never uploaded, to read and to upscale."""
    status, _ = visitor.ask("/gradio_api/file=" + "../" * 12 + "etc/passwd")
    assert status == 403, f"traversal answered {status}"
    outcome, answer = visitor.upscale("/etc/passwd")
    assert outcome == "error" and "root:" not in str(answer), f"{outcome}: {answer}"
    return "refused: other files"


def unknown_model(visitor: Visitor, rng: random.Random, folder: Path) -> str:
    """A file's name for a model's."""
    _, path = visitor.upload(samples.picture(folder / f"{rng.getrandbits(48):x}.png"))
    outcome, answer = visitor.upscale(path, model="../../weights/x.safetensors")
    assert outcome == "error" and "no model" in str(answer), f"{outcome}: {answer}"
    return "refused: unknown model"


BAD = (
    _refused_picture(samples.cut_short, "damaged or cut short"),
    _refused_picture(samples.png_bomb, "at most 200,000"),
    more_than_it_says,
    _refused_picture(samples.zip_bomb, "a ZIP archive"),
    _refused_picture(_text, "HTML or XML"),
    too_many_bytes,
    other_files,
    unknown_model,
)


def memory(demo: Demo) -> float:
    """MiB of the server that are in memory."""
    return Level.of(demo.process.pid).memory


def same_as_command(visitor: Visitor, file: Path, wanted: demo_pictures.Expected) -> str:
    """What is wrong with the server's answer to a file; "" where it is the command's."""
    status, path = visitor.upload(file)
    if status != 200:
        return f"{file.name}: the upload answered {status}"
    outcome, answer = visitor.upscale(path, model=demo_pictures.MODEL, scale=demo_pictures.SCALE)
    if outcome == "complete":
        _, body = visitor.ask(f"/gradio_api/file={answer[0]['path']}")
        return "" if body == wanted.written else f"{file.name}: other bytes; {wanted.error}"
    told = html.unescape(str(answer.get("error") if isinstance(answer, dict) else answer))
    if told != wanted.error or "\n" in told:
        return f"{file.name}: {told!r} and not {wanted.error or 'a result'!r}"
    return ""


def at_once(demo: Demo, found: Found, count: int, folder: Path) -> None:
    """Visitors who all come at the same moment: all are served, or told that it is full."""
    file = samples.picture(folder / "crowd.png", 24, 32)
    lock, start = threading.Lock(), threading.Barrier(count)
    outcomes: Counter[str] = Counter()

    def come(_: int) -> None:
        visitor = Visitor(demo.url, Found(), lock)
        start.wait()
        try:
            status, path = visitor.upload(file)
            outcome, answer = visitor.upscale(path, model="bicubic", scale=2)
        except (OSError, ValueError, LookupError) as error:
            outcome, answer = "fault", error
        told = outcome
        if outcome != "complete":
            told = "full" if "full" in str(answer) else f"{outcome}: {answer}"
        with lock:
            outcomes[told] += 1

    with ThreadPoolExecutor(count) as pool:
        list(pool.map(come, range(count)))
    found.outcomes.update({f"at once: {outcome}": n for outcome, n in outcomes.items()})
    found.faults += [f"at once: {o}" for o in outcomes if o not in ("complete", "full")]


def rounds(demo: Demo, found: Found, *, count: int, clients: int, crowd: int, idle: int) -> None:
    """Every picture, a crowd and bad manners, again and again; what the server holds then."""
    files, lock, rude = demo_pictures.pictures(), threading.Lock(), Rude(demo.url)
    found.pictures = len(files)
    limits = Limits(max_pixels=MAX_PIXELS, max_bytes=MAX_BYTES)
    with tempfile.TemporaryDirectory() as place, Heartbeat(demo.health) as heart:
        folder = Path(place)
        wanted = demo_pictures.expected(folder, files, limits)
        before = settle(demo, None)
        found.levels = [vars(before)]

        def one(name: str) -> str:
            visitor = Visitor(demo.url, found, lock)
            return same_as_command(visitor, folder / "in" / name, wanted[name])

        for _ in range(count):
            with ThreadPoolExecutor(clients) as pool:
                wrong = [fault for fault in pool.map(one, files) if fault]
            at_once(demo, found, crowd, folder)
            wrong += rude.everything(MAX_BYTES, idle=idle)
            found.faults += wrong
            found.levels.append(vars(settle(demo, before)))
    found.health_slowest, found.health_answers = round(heart.slowest, 3), heart.beats
    found.faults += heart.faults
    end = found.levels[-1]
    for what in ("threads", "files"):
        if end[what] > getattr(before, what):
            found.faults.append(f"{what}: {end[what]} are left of {getattr(before, what)}")
    if end["memory"] > GROWTH * found.levels[min(1, count - 1)]["memory"]:
        found.faults.append("memory grew by more than a tenth in the rounds")


def settle(demo: Demo, wanted: Level | None, seconds: float = 60) -> Level:
    """What the server holds when it has come to rest, or to what it held before."""
    demo.idle()
    end = time.monotonic() + seconds
    last = Level.of(demo.process.pid)
    while time.monotonic() < end:
        time.sleep(3)
        demo.health()  # threads that wait for work end when there is some
        now = Level.of(demo.process.pid)
        if wanted is None and (now.threads, now.files) == (last.threads, last.files):
            return now
        if wanted is not None and now.threads <= wanted.threads and now.files <= wanted.files:
            return now
        last = now
    return last


def run(demo: Demo, *, clients: int, requests: int, seconds: float, seed: int = 0) -> Found:
    """Send the requests, a tenth of them bad, from several clients at once."""
    found, lock, rng = Found(), threading.Lock(), random.Random(seed)
    marks = [number % 10 == 7 for number in range(requests)]
    seeds = [rng.getrandbits(32) for _ in marks]
    start = time.monotonic()

    def one(number: int, folder: Path) -> None:
        if time.monotonic() - start > seconds:
            return
        begun, own = time.monotonic(), random.Random(seeds[number])
        act = BAD[number // 10 % len(BAD)] if marks[number] else good
        place = folder / str(number)
        place.mkdir()
        try:
            outcome = act(Visitor(demo.url, found, lock), own, place)
        except (AssertionError, OSError, ValueError, LookupError) as error:
            outcome = "fault"
            with lock:
                found.faults.append(f"request {number}: {error}")
        with lock:
            found.requests += 1
            found.bad += marks[number]
            found.outcomes[outcome] += 1
            found.slowest = max(found.slowest, time.monotonic() - begun)
            if found.requests % max(requests // 20, 1) == 0:
                found.memory.append(round(memory(demo)))
            if found.requests == requests // 4:
                found.memory_warm = memory(demo)

    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(clients) as pool:
        for _ in pool.map(lambda number: one(number, Path(folder)), range(requests)):
            pass
    found.seconds = time.monotonic() - start
    demo.idle()
    found.memory_end = memory(demo)
    if found.requests < requests:
        found.faults.append(f"only {found.requests} of {requests} requests in {seconds:g} s")
    for status, count in found.statuses.items():
        if status >= 500:
            found.faults.append(f"{count} answers with status {status}")
    return found


def wait_until_clean(demo: Demo, own: set[Path], seconds: float) -> list[str]:
    """Files of visitors that are left when their time is over."""
    end = time.monotonic() + seconds
    while (left := set(demo.files()) - own) and time.monotonic() < end:
        time.sleep(1)
    return sorted(map(str, left))


def main() -> int:
    """Run it with the options given; 1 where something was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--requests", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--concurrency", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--crowd", type=int, default=200)
    parser.add_argument("--idle", type=int, default=20)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(
            Path(folder) / "tmp", "--max-pixels", str(MAX_PIXELS), "--max-bytes", str(MAX_BYTES),
            "--keep", str(KEEP_SECONDS), "--concurrency", str(options.concurrency),
        )  # fmt: skip
        try:
            own = set(demo.files())
            found = run(
                demo,
                clients=options.clients,
                requests=options.requests,
                seconds=options.seconds,
            )
            if options.rounds:
                rounds(
                    demo,
                    found,
                    count=options.rounds,
                    clients=options.clients,
                    crowd=options.crowd,
                    idle=options.idle,
                )
            left = wait_until_clean(demo, own, 3 * KEEP_SECONDS)
            found.files_left = len(left)
        finally:
            demo.stop()
        if demo.files():
            found.faults.append("files were left when the server had ended")
        log = demo.log.read_text(encoding="utf-8", errors="replace")
    if "Traceback" in log:
        found.faults.append("a traceback is in the server's log")
    if found.memory_end > GROWTH * found.memory_warm:
        found.faults.append("memory grew by more than a tenth")
    if found.files_left:
        found.faults.append(f"{found.files_left} files of visitors were left: {left}")
    text = json.dumps(vars(found), indent=1)
    if options.json is not None:
        options.json.write_text(text + "\n", encoding="utf-8")
    print(text)
    if found.faults:
        print(log[-4000:], file=sys.stderr)
    return 1 if found.faults else 0


if __name__ == "__main__":
    sys.exit(main())
