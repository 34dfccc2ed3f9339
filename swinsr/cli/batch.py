"""A run over many pictures: here or in worker processes, and what is said of it."""

import sys
from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from swinsr.cli.console import FileProgress, report_error
from swinsr.cli.loaded import LoadedModels
from swinsr.cli.names import Name
from swinsr.cli.picture import attempt
from swinsr.cli.plan import Job, Naming, plan_jobs
from swinsr.cli.record import Record, show
from swinsr.cli.work import Work
from swinsr.errors import ConfigError, ImageWriteError


def run_batch(
    work: Work,
    inputs: Sequence[Name],
    output: Name | None,
    *,
    recursive: bool,
    jobs: int,
    as_json: bool,
    quiet: bool,
) -> None:
    """Do all pictures; a failed one does not stop the others.

    Args:
        work: what is done to each.
        inputs, output: as typed.
        recursive: the folders within the inputs' too.
        jobs: pictures at a time, each in a process of its own where more than one.
        as_json, quiet: what is printed.

    Raises:
        SwinsrError: the options or the model are unusable, before any picture is touched.
        SystemExit: with status 1, where a picture failed.
    """
    models = LoadedModels(work)
    own = models.check()
    plans = plan_jobs(inputs, output, _naming(work, own), recursive=recursive)
    to_stream = any(job.to_stream for job in plans)
    if to_stream and as_json:
        raise ConfigError("standard output cannot hold both the picture and --json; use -o FILE")
    if output is not None and not to_stream and any(job.output != output.path for job in plans):
        _make_folder(output.path)
    failures = 0
    jobs = min(jobs, len(plans))
    records: Generator[Record, None, None]
    if jobs > 1:
        from swinsr.cli.workers import run_in_workers

        del models
        records = run_in_workers(work, plans, jobs)
    elif len(plans) > 1 and not any(job.from_stream or job.to_stream for job in plans):
        from swinsr.cli.overlap import run_overlapped

        records = run_overlapped(models, work, plans, quiet=quiet)
    else:
        records = _run_here(models, work, plans, quiet=quiet or to_stream)
    with closing(records):  # however it ends, the workers end with it
        for record in records:
            failures += record.status == "failed"
            show(record, as_json=as_json, quiet=quiet, to_error=to_stream)
    if failures:
        if len(plans) > 1:
            report_error(f"{failures} of {len(plans)} pictures failed; the others are done")
        sys.exit(1)


def _run_here(
    models: LoadedModels, work: Work, jobs: Sequence[Job], *, quiet: bool
) -> Generator[Record, None, None]:
    progress = FileProgress(len(jobs), quiet=quiet)
    for number, job in enumerate(jobs, 1):
        with progress.file(number, job.source_name) as report:
            record = attempt(models, job, work, report)
        yield record


def _naming(work: Work, own: float) -> Naming:
    from swinsr.image.formats import ALL

    mark = {"denoise": "_denoised", "jpeg": "_restored"}.get(work.task)
    suffix = ALL[work.format].suffixes[0] if work.format is not None else None
    return Naming(mark or work.target.mark(own), suffix)


def _make_folder(path: Path) -> None:
    """Make the output folder where it is missing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageWriteError(
            f"{path}: the folder cannot be made ({error.strerror}); choose another with -o"
        ) from error
