"""`swinsr restore`: pictures in, the same pictures without noise or JPEG artefacts out."""

from typing import Annotated, Literal, cast, get_args

import typer

from swinsr.cli import options, tiles
from swinsr.cli.batch import run_batch
from swinsr.cli.work import Work

Task = Literal["denoise", "jpeg"]


def _task(text: str) -> str:
    if text not in get_args(Task):
        raise typer.BadParameter(f"{text!r} is none of {', '.join(get_args(Task))}")
    return text


def restore(
    inputs: options.Inputs,
    task: Annotated[
        str,
        typer.Option(
            "-t",
            "--task",
            metavar="denoise|jpeg",
            callback=_task,
            help="What to take out: noise, or the artefacts of JPEG.",
        ),
    ],
    output: options.Output = None,
    strength: Annotated[
        float,
        typer.Option(
            min=0.0,
            max=1.0,
            metavar="X",
            help="How much of it, 0 to 1: the rest is the picture as it was.",
        ),
    ] = 1.0,
    model: Annotated[
        str | None,
        typer.Option(
            "-m",
            "--model",
            metavar="NAME|FILE",
            help="A restoration model: a name that `swinsr models` lists, a weights file or a "
            "Hugging Face folder. Default: the bundled one for the task.",
        ),
    ] = None,
    device: options.Device = "auto",
    precision: options.Precision = "auto",
    force: options.Force = False,
    self_ensemble: options.SelfEnsemble = False,
    format_name: options.Format = None,
    quality: options.Quality = None,
    lossless: options.Lossless = False,
    bits: options.Bits = None,
    strip_metadata: options.Strip = False,
    memory: tiles.Memory = None,
    mode: tiles.Mode = "auto",
    tile: tiles.Tile = None,
    overlap: tiles.Overlap = None,
    resume: tiles.Resume = True,
    recursive: options.Recursive = False,
    jobs: options.Jobs = 1,
    max_pixels: options.MaxPixels = options.DEFAULT_LIMIT,
    overwrite: options.Overwrite = False,
    skip_existing: options.SkipExisting = False,
    as_json: options.AsJson = False,
    quiet: options.Quiet = False,
) -> None:
    """Restore pictures at their own size.

    Outputs are named in_denoised.png or in_restored.png. A picture that fails does not stop the
    others: it is named on standard error and the exit status is 1.
    """
    work = Work(
        model=model,
        device=device,
        precision=precision,
        force=force,
        task=cast(Task, task),
        self_ensemble=self_ensemble,
        strength=strength,
        max_pixels=max_pixels,
        overwrite=overwrite,
        skip_existing=skip_existing,
        format=format_name,
        quality=quality,
        lossless=lossless,
        bits=bits,
        strip_metadata=strip_metadata,
        tiles=tiles.Tiles.of(mode, tile, overlap, memory, resume),
    )
    run_batch(work, inputs, output, recursive=recursive, jobs=jobs, as_json=as_json, quiet=quiet)
