"""Work in threads that can be watched, stopped and is stopped when it takes too long.

A network's progress callback is called between its blocks: raising there is what really ends a
computation.
"""

import asyncio
import threading
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from swinsr.demo.memory import give_back
from swinsr.errors import SwinsrError

T = TypeVar("T")
# The share of the work from which on a guess at the time left is worth showing.
_ENOUGH = 0.02
POLL_SECONDS = 0.15


class StoppedJobError(SwinsrError):
    """The visitor stopped the job, or left."""


class JobTimeError(SwinsrError):
    """The job took longer than the server allows."""


class Submission:
    """One piece of work, seen from both sides: who does it and who waits for it."""

    def __init__(self, seconds: float) -> None:
        """`seconds` of work are allowed, counted from `begin`."""
        self.seconds = seconds
        self.share = 0.0
        self.text = "Starting"
        self._stopped = threading.Event()
        self._begun: float | None = None
        self._stage_begun = 0.0

    def begin(self) -> None:
        """Start the clock."""
        self._begun = self._stage_begun = time.monotonic()

    def stop(self) -> None:
        """Ask the work to end; it does at its next `check`."""
        self._stopped.set()

    def check(self) -> None:
        """Called by the work between its pieces.

        Raises:
            StoppedJobError: it was asked to end.
            JobTimeError: its time is over.
        """
        if self._stopped.is_set():
            raise StoppedJobError("stopped; nothing was kept.")
        if self._begun is not None and time.monotonic() - self._begun > self.seconds:
            raise JobTimeError(
                f"this took longer than the {self.seconds:g} seconds that this server gives one "
                "job; try a smaller picture or size."
            )

    def stage(self, text: str) -> None:
        """Name what comes next; its progress begins at 0."""
        self.check()
        self.text, self.share, self._stage_begun = text, 0.0, time.monotonic()

    def report(self, share: float) -> None:
        """Progress of the stage, 0 to 1; what `Upscaler` calls."""
        self.check()
        self.share = share

    def line(self) -> str:
        """What is being done and how long it will take, in words."""
        elapsed = time.monotonic() - self._stage_begun
        if self.share < _ENOUGH or elapsed < 1.0:
            return self.text
        left = elapsed * (1.0 - self.share) / self.share
        return f"{self.text}, {duration(left)} left"


def duration(seconds: float) -> str:
    """About how long, for people."""
    if seconds < 60:
        return f"about {max(round(seconds), 1)} s"
    return f"about {round(seconds / 60)} min"


class Jobs:
    """Runs jobs, a few at a time, and knows whose they are."""

    def __init__(self, concurrency: int, seconds: float) -> None:
        """As many threads as jobs may run together."""
        self._pool = ThreadPoolExecutor(concurrency, thread_name_prefix="swinsr-job")
        self._seconds = seconds
        self._lock = threading.Lock()
        self._jobs: dict[str, set[Submission]] = defaultdict(set)

    @property
    def running(self) -> int:
        """Jobs that were started and have not ended."""
        with self._lock:
            return sum(map(len, self._jobs.values()))

    async def run(
        self,
        owner: str,
        work: Callable[[Submission], T],
        show: Callable[[float, str], object],
    ) -> T:
        """Do the work in a thread and show its progress until it ends.

        Stops the work when the waiting is cancelled.

        Args:
            owner: for `stop`.
            work: given the job, to report to and to be checked between pieces.
            show: given the share done and a line of text, again and again.

        Raises:
            SwinsrError: the work's, `StoppedJobError` and `JobTimeError` among them.
        """
        job = Submission(self._seconds)
        with self._lock:
            self._jobs[owner].add(job)

        def start() -> T:
            job.begin()
            try:
                job.check()
                return work(job)
            finally:
                give_back()

        future: Future[T] = self._pool.submit(start)
        # A job leaves the list when its thread ends, not when nobody waits any more.
        future.add_done_callback(lambda _: self._forget(owner, job))
        try:
            while not future.done():
                show(job.share, job.line())
                await asyncio.sleep(POLL_SECONDS)
        finally:
            job.stop()
        return future.result()

    def stop(self, owner: str) -> None:
        """Ask all jobs of an owner to end."""
        with self._lock:
            jobs = list(self._jobs.get(owner, ()))
        for job in jobs:
            job.stop()

    def stop_all(self, beginning: str) -> None:
        """Ask the jobs of all owners whose names begin so to end."""
        with self._lock:
            owners = [owner for owner in self._jobs if owner.startswith(beginning)]
        for owner in owners:
            self.stop(owner)

    def close(self) -> None:
        """Stop everything and take nothing new."""
        with self._lock:
            jobs = [job for jobs in self._jobs.values() for job in jobs]
        for job in jobs:
            job.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _forget(self, owner: str, job: Submission) -> None:
        with self._lock:
            self._jobs[owner].discard(job)
            if not self._jobs[owner]:
                del self._jobs[owner]
