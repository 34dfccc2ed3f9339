"""Several pictures in one process: the next is read and the last is written while one is computed.

Only small single pictures are read ahead: of these a few may wait in memory. Whatever is large, or
holds several pictures, or comes from a pipe, is done whole when its turn to be computed comes.
"""

import dataclasses
import stat
import time
from collections.abc import Generator, Sequence

from swinsr.cli.console import FileProgress
from swinsr.cli.loaded import LoadedModels
from swinsr.cli.picture import Conversion, attempt, checked_format, failed
from swinsr.cli.plan import Job
from swinsr.cli.record import Record
from swinsr.cli.work import Work
from swinsr.errors import ImageReadError

# Pixels of an input that may wait for its turn, and whose result may wait to be written.
LARGEST_AHEAD = 1 << 20
AHEAD = 1


@dataclasses.dataclass
class _Step:
    """A picture between two stages: what is left to do, and the seconds it took so far."""

    left: Conversion | Record | None
    seconds: float = 0.0


def run_overlapped(
    models: LoadedModels, work: Work, jobs: Sequence[Job], *, quiet: bool
) -> Generator[Record, None, None]:
    """The records of all jobs, in order, each when its file is written.

    Args:
        models: the run's.
        work: for every picture.
        jobs: files alone, no streams.
        quiet: show no progress.
    """
    from swinsr.inference.pipeline import Pipeline

    progress = FileProgress(len(jobs), quiet=quiet)

    def read(numbered: tuple[int, Job]) -> _Step:
        start = time.perf_counter()
        return _Step(read_ahead(models, numbered[1], work), time.perf_counter() - start)

    def compute(group: Sequence[tuple[int, Job]], steps: Sequence[_Step]) -> list[_Step]:
        (number, job), step = group[0], steps[0]
        start = time.perf_counter()
        with progress.file(number, job.source_name) as report:
            if step.left is None:
                return [_Step(attempt(models, job, work, report))]
            if isinstance(step.left, Conversion):
                step.left.compute(report)
        return [_Step(step.left, step.seconds + time.perf_counter() - start)]

    def write(numbered: tuple[int, Job], step: _Step) -> Record:
        start = time.perf_counter()
        if isinstance(step.left, Conversion):
            record = step.left.write()
            return dataclasses.replace(record, seconds=step.seconds + time.perf_counter() - start)
        assert step.left is not None
        return step.left

    pipeline = Pipeline(read, compute, write, ahead=AHEAD)
    for outcome in pipeline.run(enumerate(jobs, 1)):
        if outcome.error is not None:
            yield failed(outcome.item[1], outcome.error)
        else:
            assert outcome.result is not None
            yield outcome.result


def read_ahead(models: LoadedModels, job: Job, work: Work) -> Conversion | Record | None:
    """A small picture, read; the record of one that is skipped; None for what is done whole later.

    Raises:
        SwinsrError: the picture cannot be done.
    """
    from swinsr.image import probe_image

    form = checked_format(job, work)
    if form is None:
        return Record(job.source_name, job.output_name, "skipped")
    tiles = work.tiles
    if tiles.mode != "auto" or tiles.tile is not None or not _is_file(job):
        return None
    try:
        header = probe_image(job.source)
    except ImageReadError:
        return None  # whoever reads it as a whole says what is wrong
    if header.height * header.width > LARGEST_AHEAD:
        return None
    conversion = Conversion(models, job, work, form)
    conversion.read()
    return conversion if conversion.single else None


def _is_file(job: Job) -> bool:
    """Whether the input is an ordinary file; a pipe would keep the reader from ending."""
    try:
        return stat.S_ISREG(job.source.stat().st_mode)
    except OSError:
        return False
