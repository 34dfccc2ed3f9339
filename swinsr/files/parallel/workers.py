"""Worker processes: several pictures at a time, and one that dies takes no other with it."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Generator, Iterator, Sequence

from swinsr.errors import NotEnoughMemoryError, SwinsrError
from swinsr.files.convert import failed
from swinsr.files.plan import Job
from swinsr.files.record import Record
from swinsr.files.settings import Settings

COMMAND = (sys.executable, "-m", "swinsr.files.parallel.worker")
_GRACE_SECONDS = 10.0  # for a worker that was told to stop, to remove what it had begun
_POLL_SECONDS = 0.2


def run_in_workers(
    settings: Settings, jobs: Sequence[Job], count: int
) -> Generator[Record, None, None]:
    """Do the jobs in `count` processes; records come in the order in which they are done.

    Args:
        settings: for every file.
        jobs: files alone, no streams.
        count: at least 1.
    """
    waiting: queue.SimpleQueue[Job] = queue.SimpleQueue()
    for job in jobs:
        waiting.put(job)
    done: queue.SimpleQueue[Record | BaseException] = queue.SimpleQueue()
    workers = [_Worker(settings, waiting, done, count) for _ in range(count)]
    try:
        for worker in workers:
            worker.start()
        for _ in jobs:
            yield _next(done)
    finally:
        waiting_left = list(_drain(waiting))
        for worker in workers:
            worker.stop(at_once=bool(waiting_left) or worker.busy)
        for worker in workers:
            worker.join()


def _next(done: "queue.SimpleQueue[Record | BaseException]") -> Record:
    while True:
        try:
            # With a limit, so that a signal is answered on every system.
            result = done.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            continue
        if isinstance(result, BaseException):
            raise result
        return result


def _drain(waiting: "queue.SimpleQueue[Job]") -> Iterator[Job]:
    with contextlib.suppress(queue.Empty):
        while True:
            yield waiting.get_nowait()


class _Worker(threading.Thread):
    """One process after another, and the thread that waits for its answers."""

    def __init__(
        self,
        settings: Settings,
        waiting: "queue.SimpleQueue[Job]",
        done: "queue.SimpleQueue[Record | BaseException]",
        count: int,
    ) -> None:
        super().__init__(daemon=True)
        self._settings, self._waiting, self._done = settings, waiting, done
        self._threads = max((os.cpu_count() or 1) // count, 1)
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._stopped = False
        self.busy = False

    def run(self) -> None:
        """Take jobs until there are none."""
        try:
            while True:
                try:
                    job = self._waiting.get_nowait()
                except queue.Empty:
                    break
                self.busy = True
                record = self._answer(job)
                self.busy = False
                if self._stopped:
                    break
                self._done.put(record)
        except BaseException as error:  # noqa: BLE001 - it is raised again in the main thread
            self._done.put(error)
        self.stop(at_once=False)

    def _answer(self, job: Job) -> Record:
        """What the process says of a picture, or that it died of it."""
        try:
            process = self._running()
            assert process.stdin is not None and process.stdout is not None
            process.stdin.write(json.dumps(job.to_plain()) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except (OSError, ValueError):
            line = ""  # it ended before it could be asked
        if line:
            return Record.from_json(line)
        return failed(job, self._death(job))

    def _death(self, job: Job) -> SwinsrError:
        process, self._process = self._process, None
        status = process.wait() if process is not None else 0
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        return NotEnoughMemoryError(
            f"{job.source}: its worker process {how}, most often for want of memory; use fewer "
            "--jobs or a smaller picture"
        )

    def _running(self) -> "subprocess.Popen[str]":
        with self._lock:
            if self._stopped:
                raise OSError("stopped")
            if self._process is None:
                environment = {"OMP_NUM_THREADS": str(self._threads), **os.environ}
                self._process = subprocess.Popen(
                    COMMAND,
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    env=environment,
                    text=True,
                    encoding="utf-8",
                    errors="surrogateescape",
                    # A Ctrl-C is for this process, which stops its workers itself.
                    start_new_session=True,
                )
                assert self._process.stdin is not None
                self._process.stdin.write(json.dumps(self._settings.to_plain()) + "\n")
            return self._process

    def stop(self, *, at_once: bool) -> None:
        """End the process: when it is done, or now, with what it had begun removed."""
        with self._lock:
            self._stopped = self._stopped or at_once
            process = self._process
            if process is None:
                return
            with contextlib.suppress(OSError):
                if at_once:
                    process.terminate()
                if process.stdin is not None:
                    process.stdin.close()
            try:
                process.wait(_GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            if process.stdout is not None and not at_once:
                process.stdout.close()
            self._process = None
