"""`swinsr upscale`: pictures in, larger pictures out."""

import dataclasses
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from swinsr.cli.console import FileProgress, report_error, report_line, report_note
from swinsr.cli.plan import Job, is_folder, plan_jobs
from swinsr.errors import ImageWriteError, NotEnoughMemoryError, OutputExistsError, SwinsrError
from swinsr.image.limits import DEFAULT_MAX_PIXELS

if TYPE_CHECKING:
    from swinsr.inference import Upscaler


@dataclasses.dataclass(frozen=True)
class Done:
    """What is to be said of a finished picture: one line, and what could not be kept."""

    summary: str
    notes: tuple[str, ...]


def _named(text: str) -> Path:
    """A path; an empty one, from an unset variable of a shell, would mean the current folder."""
    if not text:
        raise typer.BadParameter("the name is empty")
    return Path(text)


def upscale(
    inputs: list[Path] = typer.Argument(
        ...,
        metavar="INPUT...",
        help="Pictures, or folders of pictures.",
        show_default=False,
        parser=_named,
    ),
    output: Path | None = typer.Option(
        None,
        "-o",
        "--output",
        metavar="FILE|DIR",
        parser=_named,
        help="Where to write; a folder for several inputs. Default: beside each input, "
        "in.png to in_x4.png.",
    ),
    scale: float | None = typer.Option(
        None, "-s", "--scale", help="Enlargement, 1 to 64. Default: the model's own, else 4."
    ),
    model: str | None = typer.Option(
        None,
        "-m",
        "--model",
        metavar="NAME|FILE",
        help="A name that `swinsr models` lists, a weights file, a Hugging Face folder, or "
        "bicubic. Default: the bundled model for the scale.",
    ),
    device: str = typer.Option("auto", help="auto, cpu, cuda, cuda:1, mps."),
    precision: str = typer.Option(
        "auto",
        help="float32, bfloat16, float16 (with --force), or auto: bfloat16 where it is quicker and "
        "as good.",
    ),
    force: bool = typer.Option(
        False, "--force", help="Take float16 although most networks overflow in it."
    ),
    max_pixels: int = typer.Option(
        DEFAULT_MAX_PIXELS, min=1, help="Refuse larger inputs; guards against decompression bombs."
    ),
    overwrite: bool = typer.Option(False, "--overwrite", help="Replace outputs that are there."),
    quiet: bool = typer.Option(False, "-q", "--quiet", help="Print failures only."),
) -> None:
    """Upscale pictures.

    A picture that fails does not stop the others: it is named on standard error and the exit
    status is 1.
    """
    from swinsr.inference import Upscaler

    upscaler = Upscaler.from_pretrained(
        model, scale=scale, device=device, precision=precision, force_float16=force
    )
    wanted = upscaler.scale if scale is None else scale
    upscaler.check_scale(wanted)
    jobs = plan_jobs(inputs, output, wanted)
    folder = output is not None and any(job.output != output for job in jobs)
    if folder and output is not None:
        make_folder(output)
    failures = 0
    progress = FileProgress(len(jobs), quiet=quiet)
    for number, job in enumerate(jobs, 1):
        try:
            with progress.file(number, job.source.name) as report:
                done = run_job(upscaler, job, wanted, max_pixels, overwrite, report)
        except SwinsrError as error:
            failures += 1
            report_error(error)
            continue
        if not quiet:
            for note in done.notes:
                report_note(f"{job.source}: {note}")
            report_line(done.summary)
    if failures:
        if len(jobs) > 1:
            report_error(f"{failures} of {len(jobs)} pictures failed; the others are done.")
        sys.exit(1)


def make_folder(path: Path) -> None:
    """Make the output folder where it is missing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageWriteError(
            f"{path}: the folder cannot be made ({error.strerror}); choose another with -o."
        ) from error


def run_job(
    upscaler: "Upscaler",
    job: Job,
    scale: float,
    max_pixels: int,
    overwrite: bool,
    report: Callable[[float], None],
) -> Done:
    """Read, upscale and write one picture.

    Raises:
        SwinsrError: whatever went wrong; nothing was written.
    """
    from swinsr.image import check_side, output_format, read_image, write_image
    from swinsr.inference.passes import target_size

    start = time.perf_counter()
    # What is wrong with the output shows before the work is done, not after.
    if job.error is not None:
        raise ImageWriteError(job.error)
    kind = output_format(job.output)
    if os.path.lexists(job.output) and not overwrite:
        raise OutputExistsError(
            f"{job.output}: it is already there; choose another name with -o, or replace it with "
            "--overwrite."
        )
    if not is_folder(job.output.parent):
        raise ImageWriteError(f"{job.output}: the folder does not exist; create it first.")
    image = read_image(job.source, max_pixels=max_pixels)
    height, width = target_size(image.height, image.width, scale)
    check_side(str(job.output), height, width, kind)
    try:
        result = upscaler.upscale(image, scale, report)
    except NotEnoughMemoryError as error:
        raise NotEnoughMemoryError(f"{job.source}: {error}") from error
    lost = write_image(job.output, result, overwrite=overwrite)
    seconds = time.perf_counter() - start
    return Done(
        f"{job.source} -> {job.output}  "
        f"{image.width}x{image.height} -> {width}x{height}  {seconds:.1f} s",
        (*image.notes, *lost),
    )
