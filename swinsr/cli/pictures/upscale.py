"""`swinsr upscale`: pictures in, larger pictures out."""

from typing import TYPE_CHECKING

from swinsr.cli import options
from swinsr.cli.pictures.batch import run_batch
from swinsr.files.settings import Settings

if TYPE_CHECKING:
    from swinsr.cluster.settings import ClusterSettings


@options.with_settings("task", "strength")
@options.with_cluster("tiles")
def upscale(
    settings: Settings,
    inputs: options.Inputs,
    output: options.Output = None,
    recursive: options.Recursive = False,
    jobs: options.Jobs = 1,
    cluster: "ClusterSettings | None" = None,
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
        cluster=cluster,
        as_json=as_json,
        quiet=quiet,
    )
