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
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from swinsr.demo.limits import Limits
from swinsr.image import probe_image
from tests.demo import samples
from tests.demo.server import Demo
from tests.stress.demo_manners import Level
from tests.stress.demo_rounds import GROWTH, rounds
from tests.stress.demo_visitor import Found, Visitor

KEEP_SECONDS = 30
MAX_PIXELS = 200_000
MAX_BYTES = 2_000_000
LARGE_MODELS = ("swinsr-light-x4", "swinsr-light-x2", "bicubic")


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
                    Limits(max_pixels=MAX_PIXELS, max_bytes=MAX_BYTES),
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
