"""A picture that is too large for the memory: done in tiles and bands, from file to file."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from swinsr.cli.loaded import LoadedModels
from swinsr.cli.plan import Job
from swinsr.cli.record import Record
from swinsr.cli.signals import StoppedError
from swinsr.cli.work import Work
from swinsr.errors import ImageReadError

if TYPE_CHECKING:
    from swinsr.cli.target import Size
    from swinsr.inference.engine import BaselineEngine, NetworkEngine
    from swinsr.inference.tiles import Choice

# Interpolation is the same in bands; from here on that takes less memory and no more time.
_BANDED_PIXELS = 12_000_000


def run_large(
    models: LoadedModels,
    job: Job,
    work: Work,
    form: str,
    report: Callable[[float], None],
) -> Record | None:
    """Do a file that memory does not suffice for as a whole, or that is to be done in tiles.

    Returns:
        Its record; None for a file that is done as a whole.

    Raises:
        SwinsrError: whatever went wrong; the output was not written.
    """
    from swinsr.image import check_side, probe_image, read_frames
    from swinsr.inference.large import LargeJob, open_input, upscale_large, work_path

    # Looking at a pipe's header would take it from whoever reads the picture.
    if job.from_stream or job.to_stream or not job.source.is_file():
        return None
    try:
        header = probe_image(job.source)
    except ImageReadError:
        return None  # whoever reads it as a whole says what is wrong
    found = _model(models, work, header.height, header.width)
    if found is None:
        return None
    engine, size = found
    choice = _choice(engine, header.height, header.width, size)
    if choice is None:
        return None
    pixels = header.height * header.width
    given = open_input(job.source, pixels, work.max_pixels)
    if not given.banded:  # what is read in bands is one picture
        frames = read_frames(job.source, max_pixels=work.max_pixels)
        if frames.limited(form).count > 1:
            return None
        del frames
    height, width = given.outline.height, given.outline.width
    size = work.target.size(height, width, models.get(work.target.scale).scale)
    check_side(job.output_name, *size.final, form)
    large = LargeJob(
        job.source,
        job.output,
        max(size.scale, 1.0),
        (size.height, size.width),
        size.crop,
        work.bits,
        form,
        work.quality or 95,
        work.lossless,
        work.strip_metadata,
        work.overwrite,
        work.max_pixels,
        work.tiles.resume,
    )
    told: list[str] = []
    try:
        lost = upscale_large(engine, large, choice, given, report, told.append)
    except StoppedError as stopped:
        if work_path(job.output).exists():
            stopped.kept = str(job.output)
        raise
    return Record(
        job.source_name,
        job.output_name,
        "done",
        size=(width, height),
        output_size=size.final[::-1],
        frames=1,
        model=engine.name,
        precision=engine.precision,
        notes=(*engine.notes, *told, *given.notes, *lost),
    )


def _model(
    models: LoadedModels, work: Work, height: int, width: int
) -> "tuple[NetworkEngine | BaselineEngine, Size] | None":
    """The model and the size, where it is one that tiles are for."""
    from swinsr.inference.engine import BaselineEngine, NetworkEngine

    size = work.target.size(height, width, models.get(work.target.scale).scale)
    if size.scale <= 1 and work.task == "upscale" and work.target.sized:
        return None
    engine = models.get(size.scale).engine
    return (engine, size) if isinstance(engine, NetworkEngine | BaselineEngine) else None


def _choice(
    engine: "NetworkEngine | BaselineEngine", height: int, width: int, size: "Size"
) -> "Choice | None":
    from swinsr.inference.engine import NetworkEngine
    from swinsr.inference.passes import passes_for
    from swinsr.inference.tiles import Choice, choose_for_file

    pixels = size.height * size.width
    if not isinstance(engine, NetworkEngine):
        return Choice(None, 0, 0, 0) if pixels > _BANDED_PIXELS else None
    scale = max(size.scale, 1.0)
    own = engine.network.config.upscale
    factor = own ** (passes_for(own, scale) - 1)
    # Samples, floats and a copy before and behind the network, in four channels.
    beside = 4 * (9 * height * width + 14 * pixels)
    last = (height * factor, width * factor)
    return choose_for_file(engine.network, engine.device, last, engine.tiling, beside=beside)
