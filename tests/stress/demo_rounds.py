"""Rounds of every picture, a crowd and bad manners: what does the demo hold afterwards?"""

import html
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from swinsr.demo.limits import Limits
from tests.demo import samples
from tests.demo.server import Demo
from tests.stress import demo_pictures
from tests.stress.demo_manners import Heartbeat, Level, Rude
from tests.stress.demo_visitor import Found, Visitor

GROWTH = 1.10
# Looks, three seconds apart, that see the same: idle threads of the server's pool end after 10 s.
_AT_REST = 5
_LOOKS = 20


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


def at_once(demo: Demo, found: Found, count: int, file: Path) -> None:
    """Visitors who all come at the same moment: all are served, or told that it is full."""
    lock, start = threading.Lock(), threading.Barrier(count)
    outcomes: Counter[str] = Counter()

    def come(_: int) -> None:
        visitor = Visitor(demo.url, Found(), lock)
        start.wait()
        try:
            _, path = visitor.upload(file)
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


def rounds(
    demo: Demo, found: Found, limits: Limits, *, count: int, clients: int, crowd: int, idle: int
) -> None:
    """Every picture, a crowd and bad manners, again and again; what the server holds then.

    Args:
        demo: the server.
        found: is told what was measured.
        limits: of the server: pixels and bytes.
        count: of rounds.
        clients: who send pictures at the same time.
        crowd: visitors who come at the same moment.
        idle: connections of each kind that only wait.
    """
    files, lock, rude = demo_pictures.pictures(), threading.Lock(), Rude(demo.url)
    found.pictures = len(files)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        shared = samples.picture(folder / "crowd.png", 24, 32)
        wanted = demo_pictures.expected(folder, files, limits)
        before = settle(demo, None)
        found.levels = [vars(before)]

        def one(name: str) -> str:
            visitor = Visitor(demo.url, found, lock)
            return same_as_command(visitor, folder / "in" / name, wanted[name])

        for _ in range(count):
            with Heartbeat(demo.health) as heart:
                with ThreadPoolExecutor(clients) as pool:
                    found.faults += [fault for fault in pool.map(one, files) if fault]
                at_once(demo, found, crowd, shared)
                found.faults += rude.everything(limits.max_bytes, idle=idle)
            found.faults += heart.faults
            found.health_slowest = max(found.health_slowest, round(heart.slowest, 3))
            found.health_answers += heart.beats
            found.levels.append(vars(settle(demo, before)))
    end = found.levels[-1]
    for what in ("threads", "files"):
        if end[what] > getattr(before, what):
            found.faults.append(f"{what}: {end[what]} are left of {getattr(before, what)}")
    # The first round is what the server grows to at its busiest.
    if end["memory"] > GROWTH * found.levels[1]["memory"]:
        found.faults.append("memory grew by more than a tenth in the rounds")


def settle(demo: Demo, wanted: Level | None) -> Level:
    """What the server holds when it has come to rest, or to what it held before."""
    demo.idle()
    seen: list[Level] = []
    for _ in range(_LOOKS):
        time.sleep(3)
        # Idle threads of the server's pool end when another of them is given work.
        urllib.request.urlopen(f"{demo.url}/robots.txt", timeout=30).close()
        now = Level.of(demo.process.pid)
        seen = [level for level in seen if (level.threads, level.files) == (now.threads, now.files)]
        seen.append(now)
        if wanted is None and len(seen) == _AT_REST:
            break
        if wanted is not None and now.threads <= wanted.threads and now.files <= wanted.files:
            break
    return now
