"""`swinsr restore`: pictures in, the same pictures without noise or JPEG artefacts out."""

from typing import TYPE_CHECKING

from swinsr.cli import options
from swinsr.cli.pictures.batch import run_batch
from swinsr.files.settings import Settings

if TYPE_CHECKING:
    from swinsr.cluster.settings import ClusterSettings


@options.with_settings("scale", "width", "height", "max_side", "fit", "fast", "sharpness", "best")
@options.with_cluster("tiles")
def restore(
    settings: Settings,
    inputs: options.Inputs,
    output: options.Output = None,
    recursive: options.Recursive = False,
    jobs: options.Jobs = 1,
    cluster: "ClusterSettings | None" = None,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Restore pictures at their own size.

    Outputs are named in_denoised.png or in_restored.png. A picture that fails does not stop the
    others: it is named on standard error and the exit status is 1.
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
