"""A fuzzer of all readers: pictures, checkpoints, and the settings beside them.

    python -m tests.stress.fuzz --minutes 30 --seed 1
    python -m tests.stress.fuzz --minutes 30 --plain        # without Atheris where it is installed
    python -m tests.stress.fuzz --replay findings/0001-rgb.png

Files that the tests' writers made are damaged by their structure and read in a process of its
own. A finding is anything but a `SwinsrError` of one sentence, a file that takes longer than
--seconds or more memory than --megabytes, and a process that dies; each is written to --findings
with the file and how to see it again. Exits with 1 where there is one. Coverage guides where
Atheris is installed.
"""

import argparse
import faulthandler
import hashlib
import multiprocessing
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path

from tests.stress.fuzz_seeds import picture_seeds, weights_seeds
from tests.stress.fuzz_targets import examine
from tests.stress.mutate import mutate

PROGRAM = "python -m tests.stress.fuzz"


@dataclass
class Findings:
    """What was found, each kind once, written to a folder.

    Attributes:
        folder: made with the first finding.
        kinds: how often each was met, by where it is from.
    """

    folder: Path
    kinds: dict[str, int] = field(default_factory=dict)

    def add(self, kind: str, name: str, data: bytes, details: str) -> None:
        """Write a finding, unless one of its kind is there."""
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if self.kinds[kind] > 1:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha256(data).hexdigest()[:8]
        path = self.folder / f"{len(self.kinds):04}-{digest}-{name}"
        path.write_bytes(data)
        again = f"{kind}\n\nagain: {PROGRAM} --replay {path}\n\n{details}\n"
        path.with_name(path.name + ".txt").write_text(again, encoding="utf-8")
        print(f"FOUND {kind}: {path}", flush=True)


def seeds(only: str) -> dict[str, bytes]:
    """The files to begin with: "pictures", "weights" or "all"."""
    pictures = picture_seeds() if only != "weights" else {}
    return pictures | (weights_seeds() if only != "pictures" else {})


def case(files: dict[str, bytes], seed: int, number: int) -> tuple[str, bytes]:
    """One damaged file: its seed's name and its bytes; the same each time."""
    rng = random.Random(f"{seed}:{number}")
    names = sorted(files)
    name = names[number % len(names)]
    others = tuple(files[other] for other in rng.sample(names, 2))
    return name, mutate(files[name], rng, others)


def kind_of(error: BaseException) -> str:
    """Where an error is from: its type and the last line of this program that it came through."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if f"{os.sep}swinsr{os.sep}" in frame.filename] or frames
    last = ours[-1] if ours else None
    place = f"{last.filename.rpartition(f'swinsr{os.sep}')[2]}:{last.lineno}" if last else "?"
    return f"{type(error).__name__} at {place}"


class Memory:
    """How far the memory of this process rises above where it was; Linux only."""

    can_tell = os.access("/proc/self/clear_refs", os.W_OK)

    def __init__(self) -> None:
        """Begin to watch."""
        if self.can_tell:
            Path("/proc/self/clear_refs").write_text("5")
        self.before = self.read("VmRSS")

    def read(self, name: str) -> int:
        """A line of /proc/self/status, in bytes."""
        if not self.can_tell:
            return 0
        lines = Path("/proc/self/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))

    def rise(self) -> int:
        """Bytes at the peak above the beginning."""
        return self.read("VmHWM") - self.before


def check(data: bytes, megabytes: int) -> tuple[str, str] | None:
    """Read one file; the kind of finding and its details, None for nothing."""
    memory = Memory()
    try:
        examine(data)
    except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
        return kind_of(error), traceback.format_exc()
    if memory.rise() > megabytes << 20:
        return f"memory above {megabytes} MB", f"{memory.rise() / 2**20:.0f} MB"
    return None


def work(
    files: dict[str, bytes],
    options: argparse.Namespace,
    first: int,
    place: Connection,
    until: float,
) -> None:
    """Cases from a number on, in a process of its own; tells each before it begins."""
    import torch

    torch.set_num_threads(1)
    faulthandler.enable()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # libraries' own complaints
    limit_memory(options.megabytes)
    number = first
    while number < options.cases and time.monotonic() < until:
        place.send((number, "", ""))
        _, data = case(files, options.seed, number)
        found = check(data, options.megabytes)
        if found is not None:
            place.send((number, *found))
        number += 1
    place.send((number, "end", ""))


def limit_memory(megabytes: int) -> None:
    """Refuse what would take the machine's memory; it is a `MemoryError` then."""
    if not Memory.can_tell:
        return
    import resource

    most = Memory().read("VmSize") + (4 * megabytes << 20)
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def run_plain(files: dict[str, bytes], options: argparse.Namespace, findings: Findings) -> int:
    """Cases one after the other, without guidance; how many there were."""
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    until = time.monotonic() + options.minutes * 60
    number = 0
    while number < options.cases and time.monotonic() < until:
        receive, send = context.Pipe(duplex=False)
        child = context.Process(target=work, args=(files, options, number, send, until))
        child.start()
        send.close()
        ended = False
        for number, what, details in watch(receive, child.pid or 0, options.seconds):
            ended = what == "end"
            if what and not ended:
                findings.add(what, *case(files, options.seed, number), details)
        child.join()
        if not ended:
            if child.exitcode != -signal.SIGKILL:
                kind = f"the process ended with {child.exitcode}"
                findings.add(kind, *case(files, options.seed, number), "")
            number += 1
    return number


def watch(receive: Connection, process: int, seconds: float) -> Iterator[tuple[int, str, str]]:
    """Listen to a working process and end it where it hangs.

    Yields:
        The number of a case, what was found ("end" at the end, "" at its beginning), and details.
    """
    number = 0
    while True:
        if not receive.poll(seconds):
            os.kill(process, signal.SIGKILL)
            yield number, f"longer than {seconds:g} s", ""
            return
        try:
            number, what, details = receive.recv()
        except EOFError:
            return
        yield number, what, details
        if what == "end":
            return


def main() -> None:
    """Fuzz as the arguments say."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--cases", type=int, default=sys.maxsize)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=20.0, help="of one file")
    parser.add_argument("--megabytes", type=int, default=600, help="of one file")
    parser.add_argument("--only", choices=("pictures", "weights", "all"), default="all")
    parser.add_argument("--findings", type=Path, default=Path("findings"))
    parser.add_argument("--plain", action="store_true", help="without Atheris")
    parser.add_argument("--replay", type=Path, help="read this file once")
    options = parser.parse_args()
    if options.replay is not None:
        examine(options.replay.read_bytes())
        print("nothing was found")
        return
    files, findings = seeds(options.only), Findings(options.findings)
    guided = not options.plain
    if guided:
        from tests.stress import fuzz_guided

        guided = fuzz_guided.is_there()
    start = time.monotonic()
    if guided:
        print("guided by coverage (Atheris)")
        count = fuzz_guided.run(files, options, findings)
    else:
        count = run_plain(files, options, findings)
    for kind, times in sorted(findings.kinds.items()):
        print(f"{times:6} x {kind}")
    took = time.monotonic() - start
    print(f"{count} files in {took:.0f} s, {len(findings.kinds)} kinds of finding")
    sys.exit(bool(findings.kinds))


if __name__ == "__main__":
    main()
