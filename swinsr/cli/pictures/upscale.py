"""`swinsr upscale`: pictures in, larger pictures out."""

from swinsr.cli import options
from swinsr.cli.pictures.batch import run_batch
from swinsr.files.settings import Settings


@options.with_settings("task", "strength")
def upscale(
    settings: Settings,
    inputs: options.Inputs,
    output: options.Output = None,
    recursive: options.Recursive = False,
    jobs: options.Jobs = 1,
    ray: options.Ray = None,
    workers: options.Workers = None,
    gpus_per_worker: options.GpusPerWorker = None,
    threads_per_worker: options.ThreadsPerWorker = 1,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Upscale pictures.

    A picture that fails does not stop the others: it is named on standard error and the exit
    status is 1.
    """
    run_batch(
        settings,
        inputs,
        output,
        recursive=recursive,
        jobs=jobs,
        cluster=options.cluster_of(ray, workers, gpus_per_worker, threads_per_worker),
        as_json=as_json,
        quiet=quiet,
    )
