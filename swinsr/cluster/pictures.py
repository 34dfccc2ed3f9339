"""Folders of pictures on Ray: a row is a file's name, a worker reads and writes files itself."""

import dataclasses
import functools
import os
from collections.abc import Callable, Generator, Iterable
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

from swinsr.cluster.journal import MOST_ATTEMPTS, Attempt, start_journal
from swinsr.cluster.pool import answers, pin_threads, share_for
from swinsr.cluster.session import session
from swinsr.cluster.settings import ClusterSettings
from swinsr.errors import ConfigError, NotEnoughMemoryError
from swinsr.files.convert import attempt_apart, failed
from swinsr.files.engines import Engines
from swinsr.files.plan import Job
from swinsr.files.record import Record
from swinsr.files.run import Name, PlannedRun
from swinsr.files.settings import Settings
from swinsr.files.watch import Progress
from swinsr.storage.temporary import remove_leftovers

_AS_ASKED = Settings()
_HERE = ClusterSettings()
_REMEDY = "give it more memory, or use fewer --workers or a smaller picture"


def convert(
    inputs: Iterable[Name],
    output: Name | None = None,
    settings: Settings = _AS_ASKED,
    cluster: ClusterSettings = _HERE,
    *,
    recursive: bool = False,
    progress: Progress | None = None,
) -> Generator[Record, None, None]:
    """Upscale or restore many picture files on Ray, as `swinsr.convert_many` does on one machine.

    Args:
        inputs: files, folders and patterns, which every worker sees under the same names.
        output: a folder that every worker sees; None for beside each input.
        settings: what is done to each; `device` and `memory` are each worker's.
        cluster: where, and by how many.
        recursive: the folders within the inputs' too.
        progress: notified with the share of the pictures done.

    Yields:
        A record for each picture, in the order in which they are done. A picture that takes its
        worker with it again and again is "failed".

    Raises:
        SwinsrError: settings, model or cluster are unusable.
    """
    run = PlannedRun(settings, list(inputs), output, recursive=recursive)
    with closing(run_on_ray(run, cluster)) as records:
        for done, record in enumerate(records, 1):
            if progress is not None:
                progress(done / len(run.jobs))
            yield record


def run_on_ray(run: PlannedRun, cluster: ClusterSettings) -> Generator[Record, None, None]:
    """The records of a planned run.

    Raises:
        SwinsrError: the cluster or a worker is unusable.
    """
    if any(job.from_stream or job.to_stream for job in run.jobs):
        raise ConfigError("standard input and output are no files that workers could share")
    if not run.jobs:
        return
    run.release()  # the model's memory is for the workers
    with ExitStack() as stack:
        stack.callback(_tidy, run.jobs)
        ray = stack.enter_context(session(cluster))
        journal = start_journal(ray)
        share = share_for(ray, cluster, len(run.jobs))
        run.make_folder()
        begin = functools.partial(_begin, _absolute(run.settings), journal)
        rows = [
            {"number": number, "job": _everywhere(job).to_plain()}
            for number, job in enumerate(run.jobs)
        ]
        for answer in stack.enter_context(answers(ray, rows, begin, share)):
            job = run.jobs[answer["number"]]
            journal.forget.remote(answer["number"])
            record = Record.from_json(answer["record"])
            yield dataclasses.replace(record, input=job.source_name, output=job.output_name)


def _tidy(jobs: Iterable[Job]) -> None:
    """Remove what workers that were killed had begun to write."""
    for folder in {job.output.parent for job in jobs}:
        remove_leftovers(folder)


def _absolute(settings: Settings) -> Settings:
    """A model that is a file, by its whole path."""
    model = settings.model
    if model is None or not Path(model).exists():
        return settings
    return dataclasses.replace(settings, model=str(Path(model).absolute()))


def _everywhere(job: Job) -> Job:
    """The job by names that do not depend on the folder a worker is in."""
    return dataclasses.replace(job, source=job.source.absolute(), output=job.output.absolute())


def _begin(settings: Settings, journal: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """On a worker: load the model, and give what does a picture."""
    import ray

    pin_threads()
    engines = Engines(settings)
    engines.check()

    def answer(row: dict[str, Any]) -> dict[str, Any]:
        number, job = row["number"], Job.from_plain(row["job"])
        begun: Attempt = ray.get(journal.begin.remote(number, os.path.lexists(job.output)))
        if begun.record is not None:
            return {"number": number, "record": begun.record}
        record = _record(engines, job, settings, begun).to_json()
        ray.get(journal.finish.remote(number, record))
        return {"number": number, "record": record}

    return answer


def _record(engines: Engines, job: Job, settings: Settings, begun: Attempt) -> Record:
    if begun.number > MOST_ATTEMPTS:
        died = NotEnoughMemoryError(
            f"{job.source_name}: its worker process died of it {MOST_ATTEMPTS} times, most often "
            f"for want of memory; {_REMEDY}"
        )
        return failed(job, died)
    if begun.number > 1 and not begun.was_there:
        # What is there now is of the worker that died.
        settings = dataclasses.replace(settings, overwrite=True, skip_existing=False)
    return attempt_apart(engines, job, settings, _REMEDY)
