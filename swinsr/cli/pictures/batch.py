"""What is said of a run over pictures: `swinsr.files.run` does it."""

import sys
from collections.abc import Sequence
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from swinsr.cli.views.console import report_error, show
from swinsr.cli.views.progress import FileProgress, counted
from swinsr.errors import ConfigError
from swinsr.files.kept.finished import Finished
from swinsr.files.run import PlannedRun
from swinsr.files.settings import Settings
from swinsr.files.signals import StoppedError
from swinsr.files.sources import Given

if TYPE_CHECKING:
    from swinsr.cluster.settings import ClusterSettings


def run_batch(
    settings: Settings,
    inputs: Sequence[Given],
    output: Given | None,
    *,
    recursive: bool,
    jobs: int,
    cluster: "ClusterSettings | None" = None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Do all pictures and print a line for each; a failed one does not stop the others.

    Args:
        settings: what is done to each.
        inputs, output: as typed.
        recursive: the folders within the inputs' too.
        jobs: pictures at a time, each in a process of its own where more than one.
        cluster: where they are done, if not here.
        as_json, quiet: what is printed.

    Raises:
        SwinsrError: the options or the model are unusable, before any picture is touched.
        SystemExit: with status 1, where a picture failed.
    """
    if cluster is not None and jobs > 1:
        raise ConfigError("--jobs and --ray contradict each other; give --workers with --ray")
    run = PlannedRun(settings, inputs, output, recursive=recursive, finished=Finished(settings))
    if run.to_stream and as_json:
        raise ConfigError("standard output cannot hold both the picture and --json; use -o FILE")
    quiet_bar = quiet or run.to_stream
    failures = 0
    with ExitStack() as stack:
        if cluster is None:
            progress = FileProgress(len(run.jobs), quiet=quiet_bar)
            made = run.records(progress.file, jobs, progress.announce)
            step = None
        else:
            from swinsr.cluster.pictures import run_on_ray

            made = run.told(run_on_ray(run, cluster))
            step = stack.enter_context(counted(len(run.jobs), "pictures", quiet=quiet_bar))
        try:
            # The workers end with it.
            for done, record in enumerate(stack.enter_context(closing(made)), 1):
                failures += record.status == "failed"
                show(record, as_json=as_json, quiet=quiet, to_error=run.to_stream)
                if step is not None:
                    step(done)
        except StoppedError as stopped:
            from swinsr.files.kept.unfinished import is_work_folder
            from swinsr.tiling import work_path

            # What a worker process kept is known by its folder alone.
            kept = (job.output for job in run.jobs if is_work_folder(work_path(job.output)))
            stopped.kept = stopped.kept or next(map(str, kept), None)
            raise
    if failures:
        pictures = len(run.done) + len(run.jobs)
        if pictures > 1:
            rest = "; the others are done" if failures < pictures else ""
            report_error(f"{failures} of {pictures} pictures failed{rest}")
        sys.exit(1)
