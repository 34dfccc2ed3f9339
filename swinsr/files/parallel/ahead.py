"""Several files in one process: the next is read and the last is written while one is computed.

Only small single pictures are read ahead: of these a few may wait in memory. Whatever is large, or
holds several pictures, or comes from a pipe, is done whole when its turn to be computed comes.
Reading and writing have a thread each; computing stays in the caller's, so that signals and
PyTorch's threads are as ever.
"""

import dataclasses
import stat
import time
from collections import deque
from collections.abc import Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import islice

from swinsr.errors import SwinsrError
from swinsr.files.choose import suited
from swinsr.files.convert import Conversion, attempt, failed, look
from swinsr.files.engines import Engines
from swinsr.files.expect import Announce
from swinsr.files.outputs import checked_format
from swinsr.files.plan import Job
from swinsr.files.record import Record
from swinsr.files.settings import Settings
from swinsr.files.watch import Progress, Watch

# Pixels of an input that may wait for its turn, and whose result may wait to be written.
LARGEST_AHEAD = 1 << 20
AHEAD = 1  # files that wait to be computed, and to be written, beside the one at work


@dataclasses.dataclass
class _Step:
    """A job between two stages: what is left to do, and the seconds it took so far."""

    left: Conversion | Record | None
    seconds: float = 0.0


def run_ahead(
    engines: Engines,
    settings: Settings,
    jobs: Sequence[Job],
    watch: Watch,
    announce: Announce | None = None,
) -> Generator[Record, None, None]:
    """The records of all jobs, in order, each when its file is written.

    Closing the generator, or an exception where it is used, ends the run: what is being read,
    computed or written is finished and nothing further is begun.

    Args:
        engines: the run's models.
        settings: for every file.
        jobs: files alone, no streams.
        watch: shows each file's progress.
        announce: as for `swinsr.files.convert.convert`.
    """
    readers, writers = ThreadPoolExecutor(1, "swinsr-read"), ThreadPoolExecutor(1, "swinsr-write")
    unread = iter(enumerate(jobs, 1))
    read: deque[tuple[int, Job, Future[_Step]]] = deque()
    written: deque[Future[Record]] = deque()

    def begin(count: int) -> None:
        for number, job in islice(unread, count):
            read.append((number, job, readers.submit(_read, engines, job, settings)))

    try:
        begin(1 + AHEAD)
        while read:
            number, job, future = read.popleft()
            step = future.result()
            begin(1)
            with watch(number, job.source_name) as report:
                step = _compute(step, engines, job, settings, report, announce)
            written.append(writers.submit(_write, job, step))
            while len(written) > AHEAD or (written and written[0].done()):
                yield written.popleft().result()
        while written:
            yield written.popleft().result()
    finally:
        for pool in (readers, writers):
            pool.shutdown(cancel_futures=True)


def _read(engines: Engines, job: Job, settings: Settings) -> _Step:
    start = time.perf_counter()
    try:
        left = read_ahead(engines, job, settings)
    except SwinsrError as error:
        left = failed(job, error)
    return _Step(left, time.perf_counter() - start)


def _compute(
    step: _Step,
    engines: Engines,
    job: Job,
    settings: Settings,
    report: Progress,
    announce: Announce | None,
) -> _Step:
    start = time.perf_counter()
    if step.left is None:
        return _Step(attempt(engines, job, settings, report, announce))
    if isinstance(step.left, Conversion):
        try:
            step.left.compute(report)
        except SwinsrError as error:
            return _Step(failed(job, error))
    return _Step(step.left, step.seconds + time.perf_counter() - start)


def _write(job: Job, step: _Step) -> Record:
    start = time.perf_counter()
    if isinstance(step.left, Conversion):
        try:
            record = step.left.write()
        except SwinsrError as error:
            return failed(job, error)
        return dataclasses.replace(record, seconds=step.seconds + time.perf_counter() - start)
    assert step.left is not None
    return step.left


def read_ahead(engines: Engines, job: Job, settings: Settings) -> Conversion | Record | None:
    """A small picture, read; the record of one that is skipped; None for what is done whole later.

    Raises:
        SwinsrError: the job cannot be done.
    """
    form = checked_format(job, settings)
    if form is None:
        return Record(job.source_name, job.output_name, "skipped")
    asked = settings.mode != "auto" or settings.tile is not None or settings.memory is not None
    if asked or not _is_file(job):
        return None
    header = look(job)
    if header is None or header.height * header.width > LARGEST_AHEAD:
        return None
    conversion = Conversion(suited(engines, settings, job.source, header), job, settings, form)
    conversion.read()
    return conversion if conversion.single else None


def _is_file(job: Job) -> bool:
    """Whether the input is an ordinary file; a pipe would keep the reader from ending."""
    try:
        return stat.S_ISREG(job.source.stat().st_mode)
    except OSError:
        return False
