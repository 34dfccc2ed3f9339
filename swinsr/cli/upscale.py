"""`swinsr upscale`: pictures in, larger pictures out."""

from typing import Annotated, cast, get_args

import typer

from swinsr.cli import options, tiles
from swinsr.cli.batch import run_batch
from swinsr.cli.target import Fit, Target
from swinsr.cli.work import Work


def _fit(text: str) -> str:
    if text not in get_args(Fit):
        raise typer.BadParameter(f"{text!r} is none of {', '.join(get_args(Fit))}")
    return text


def upscale(
    inputs: options.Inputs,
    output: options.Output = None,
    scale: Annotated[
        float | None,
        typer.Option(
            "-s",
            "--scale",
            metavar="X",
            help="Enlargement, 1 to 64. Default: the model's own, else 4.",
        ),
    ] = None,
    width: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Of the result in pixels, instead of a scale."),
    ] = None,
    height: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="The same for its height.")
    ] = None,
    max_side: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="The result's longer side; with --scale, its limit."),
    ] = None,
    fit: Annotated[
        str,
        typer.Option(
            metavar="HOW",
            callback=_fit,
            help="With --width and --height: inside them, cover them, crop to them, or stretch.",
        ),
    ] = "inside",
    model: Annotated[
        str | None,
        typer.Option(
            "-m",
            "--model",
            metavar="NAME|FILE",
            help="A name that `swinsr models` lists, a weights file, a Hugging Face folder, or "
            "bicubic. Default: the bundled model for the scale.",
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
    """Upscale pictures.

    A picture that fails does not stop the others: it is named on standard error and the exit
    status is 1.
    """
    work = Work(
        model=model,
        device=device,
        precision=precision,
        force=force,
        target=Target(scale, width, height, max_side, cast(Fit, fit)),
        self_ensemble=self_ensemble,
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
