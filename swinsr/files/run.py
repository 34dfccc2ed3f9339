"""Picture files in, picture files out: one, or many with records.

`upscale_file` and `convert_many` are the program; command, page and whatever else there is are
faces of them.
"""

import os
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from swinsr.errors import ConfigError, ImageWriteError
from swinsr.files.convert import attempt, can_start, convert
from swinsr.files.engines import Engines
from swinsr.files.expect import Announce
from swinsr.files.kept.finished import Finished
from swinsr.files.plan import Job, Naming, plan_jobs
from swinsr.files.record import Record
from swinsr.files.settings import Settings
from swinsr.files.sources import Given, is_there
from swinsr.files.watch import Progress, Watch, unwatched, watching
from swinsr.image.formats.table import ALL
from swinsr.inference.baselines import DEFAULT_SCALE
from swinsr.version import __version__

Name: TypeAlias = str | os.PathLike[str] | Given
_AS_ASKED = Settings()


def upscale_file(
    source: Name,
    output: Name | None = None,
    settings: Settings = _AS_ASKED,
    progress: Progress | None = None,
) -> Record:
    """Upscale or restore one picture file; animations and documents whole, large ones in tiles.

    Args:
        source: the picture file.
        output: the file to write, or a folder; None for beside the source, as `in_x4.png`.
        settings: what is done.
        progress: notified with the share of the work done, 0 to 1.

    Returns:
        What was done: names, sizes, model, notes on what could not be kept, seconds.

    Raises:
        SwinsrError: whatever went wrong, in one sentence; nothing was written.
    """
    run = PlannedRun(settings, [source], output)
    if len(run.jobs) != 1:
        raise ConfigError(f"{source}: several pictures; use swinsr.convert_many")
    return run.only(progress or (lambda share: None))


def convert_many(
    inputs: Iterable[Name],
    output: Name | None = None,
    settings: Settings = _AS_ASKED,
    *,
    recursive: bool = False,
    jobs: int = 1,
    progress: Progress | None = None,
) -> Generator[Record, None, None]:
    """Upscale or restore many picture files; one that fails does not stop the others.

    Args:
        inputs: files, folders and patterns.
        output: a folder, made where it is missing; None for beside each input.
        settings: what is done to each.
        recursive: the folders within the inputs' too; the tree is kept below `output`.
        jobs: files at a time, each in a process of its own where more than one.
        progress: notified with the share of the whole work done; with `jobs` above 1, file by file.

    Yields:
        A record for each file when it is finished; `status` "failed" and `error` tell of a failure.

    Raises:
        SwinsrError: settings or model are unusable, before any picture is touched.
    """
    run = PlannedRun(settings, list(inputs), output, recursive=recursive)
    watch = unwatched if progress is None else watching(progress, len(run.jobs))
    done = 0
    with closing(run.records(watch, jobs)) as records:
        for record in records:
            done += 1
            if progress is not None and jobs > 1:
                progress(done / len(run.jobs))
            yield record


class PlannedRun:
    """A run that is planned: its outputs have their names, and its model is loaded and checked.

    The model is left alone where no job gets as far: what is wrong with names, outputs and headers
    is known without it, in a moment.

    Attributes:
        jobs: every file and where its result goes, but for what is done already.
        done: the records of that.
        to_stream: whether the result goes to standard output.
    """

    def __init__(
        self,
        settings: Settings,
        inputs: Sequence[Name],
        output: Name | None = None,
        *,
        recursive: bool = False,
        finished: Finished | None = None,
    ) -> None:
        """Plan it; nothing is computed or written yet.

        Args:
            settings: for every file.
            inputs, output, recursive: as for `convert_many`.
            finished: knows what earlier runs finished, and is told what this one does; None for
                no such knowledge.

        Raises:
            SwinsrError: settings, names or model are unusable.
        """
        self.settings, self._engines = settings, Engines(settings)
        self._checked = False
        self._finished, self._began = finished, time.time_ns()
        target = None if output is None else Given.of(output)
        suffix = ALL[settings.format].suffixes[0] if settings.format is not None else None
        given = [Given.of(name) for name in inputs]

        def planned_for(scale: float) -> list[Job]:
            naming = Naming(settings.mark(scale), suffix)
            return plan_jobs(given, target, naming, recursive=recursive)

        own = self._engines.known_scale()
        planned = planned_for(DEFAULT_SCALE if own is None else own)
        tells = own is None and settings.scale is None and not settings.target.sized
        if tells and any(job.from_stream or is_there(job.source) for job in planned):
            self._checked = True
            planned = planned_for(self._engines.check())  # which alone tells what they are called
        self.done, self.jobs = self._known(planned)
        self._started = any(can_start(job, settings) for job in self.jobs)
        if self._started and not self._checked:
            self._engines.check()
        self.to_stream = any(job.to_stream for job in self.jobs)
        self._folder: Path | None = None
        if self._started and target is not None:
            named = any(job.output != target.path for job in self.jobs)
            self._folder = target.path if named and not self.to_stream else None

    def _known(self, planned: list[Job]) -> tuple[list[Record], list[Job]]:
        """Records of what is done already, and the jobs that are left."""
        if self._finished is None or self.settings.overwrite or self.settings.skip_existing:
            return [], planned
        done: list[Record] = []
        left: list[Job] = []
        for job in planned:
            version = self._finished.find(job) if job.error is None else None
            if version is None:
                left.append(job)
                continue
            reason = "already done" + ("" if version == __version__ else f" by swinsr {version}")
            record = Record(job.source_name, job.output_name, "skipped", reason=reason)
            done.append(record)
        return done, left

    def records(
        self, watch: Watch = unwatched, processes: int = 1, announce: Announce | None = None
    ) -> Generator[Record, None, None]:
        """Do all jobs: here one after the other, or in processes; a record for each.

        What is done already comes first. The output folder is made where it is missing.

        Args:
            watch: around the work on each file.
            processes: how many at a time.
            announce: notified before long work with what to expect; not by worker processes.
        """
        return self.told(self._records(watch, processes, announce))

    def told(self, made: Generator[Record, None, None]) -> Generator[Record, None, None]:
        """The records of what is done already, then those that are made, remembered."""
        yield from self.done
        by_name = {job.output_name: job for job in self.jobs}
        with closing(made) as records:
            for record in records:
                if self._finished is not None and record.status == "done":
                    self._finished.add(by_name[record.output], self._began)
                yield record

    def _records(
        self, watch: Watch, processes: int, announce: Announce | None
    ) -> Generator[Record, None, None]:
        self.make_folder()
        processes = min(processes, len(self.jobs)) if self._started else 1
        if processes > 1:
            from swinsr.files.parallel.workers import run_in_workers

            self.release()
            return run_in_workers(self.settings, self.jobs, processes)
        if len(self.jobs) > 1 and not any(job.from_stream or job.to_stream for job in self.jobs):
            from swinsr.files.parallel.ahead import run_ahead

            return run_ahead(self._engines, self.settings, self.jobs, watch, announce)
        return self._here(watch, announce)

    def make_folder(self) -> None:
        """Make the output folder where it is missing."""
        if self._folder is not None:
            _make_folder(self._folder)

    def release(self) -> None:
        """Give the model back: its memory is for whoever does the jobs."""
        self._engines = Engines(self.settings)

    def _here(self, watch: Watch, announce: Announce | None) -> Generator[Record, None, None]:
        for number, job in enumerate(self.jobs, 1):
            with watch(number, job.source_name) as report:
                record = attempt(self._engines, job, self.settings, report, announce)
            yield record

    def only(self, progress: Progress) -> Record:
        """Do the only job; what goes wrong is raised."""
        self.make_folder()
        start = time.perf_counter()
        record = convert(self._engines, self.jobs[0], self.settings, progress)
        return replace(record, seconds=time.perf_counter() - start)


def _make_folder(path: Path) -> None:
    """Make the output folder where it is missing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageWriteError(
            f"{path}: the folder cannot be made ({error.strerror}); choose another with -o"
        ) from error
