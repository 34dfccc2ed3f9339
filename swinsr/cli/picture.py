"""One picture of a run: read, enlarged or restored, written."""

import io
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from swinsr.cli.console import sentence
from swinsr.cli.large import run_large
from swinsr.cli.loaded import LoadedModels
from swinsr.cli.plan import Job
from swinsr.cli.record import Record
from swinsr.cli.sources import is_folder
from swinsr.cli.work import Work
from swinsr.errors import ImageWriteError, NotEnoughMemoryError, OutputExistsError, SwinsrError
from swinsr.image.formats import check_side, output_format

if TYPE_CHECKING:
    from swinsr.cli.target import Size
    from swinsr.image import Frame, Image, ImageSource

Report = Callable[[float], None]


class _Piped(io.BytesIO):
    """Bytes that messages call by where they came from."""

    name = "standard input"


def attempt(models: LoadedModels, job: Job, work: Work, report: Report) -> Record:
    """The record of a picture, done or not."""
    start = time.perf_counter()
    try:
        record = run_job(models, job, work, report)
    except SwinsrError as error:
        record = failed(job, error)
    return replace(record, seconds=time.perf_counter() - start)


def failed(job: Job, error: SwinsrError) -> Record:
    """The record of a picture that could not be done."""
    return Record(job.source_name, job.output_name, "failed", error=sentence(error))


def run_job(models: LoadedModels, job: Job, work: Work, report: Report) -> Record:
    """Read, upscale or restore, and write one picture.

    Raises:
        SwinsrError: whatever went wrong; nothing was written.
    """
    form = checked_format(job, work)
    if form is None:
        return Record(job.source_name, job.output_name, "skipped")
    record = run_large(models, job, work, form, report)
    if record is not None:
        return record
    conversion = Conversion(models, job, work, form)
    conversion.read()
    conversion.compute(report)
    return conversion.write()


def checked_format(job: Job, work: Work) -> str | None:
    """The output's format; None where it is there and is to stay.

    What is wrong with the output shows before the work is done, not after.

    Raises:
        SwinsrError: the picture cannot be done.
    """
    if job.error is not None:
        raise ImageWriteError(job.error)
    form = work.format or output_format(job.output)
    work.check_format(form)
    if not job.to_stream and os.path.lexists(job.output):
        if work.skip_existing and not is_folder(job.output):
            return None
        _check_output(job, work)
    return form


def _check_output(job: Job, work: Work) -> None:
    if is_folder(job.output):
        raise ImageWriteError(f"{job.output}: a folder of that name is there; choose another name")
    if not work.overwrite:
        raise OutputExistsError(
            f"{job.output}: it is already there; choose another name with -o, or replace it with "
            "--overwrite"
        )


class Conversion:
    """One file on its way, however many pictures it holds: read, computed, written.

    A single picture is computed by `compute`; several are decoded, computed and encoded one after
    the other by `write`, so that they are never all in memory.
    """

    def __init__(self, models: LoadedModels, job: Job, work: Work, form: str) -> None:
        """Nothing is done yet."""
        self._models, self._job, self._work, self._form = models, job, work, form
        self._report: Report = lambda share: None
        self._first: tuple[Image, Size] | None = None
        self._notes: dict[str, None] = {}
        self._ready: Iterator[Frame] = iter(())

    def read(self) -> None:
        """Read the file, and decode a single picture."""
        from swinsr.image import read_frames

        frames = read_frames(_source(self._job), max_pixels=self._work.max_pixels)
        self._frames = frames.limited(self._form)
        self._decoded: Iterable[Frame] = self._frames
        if self.single:
            self._decoded = [next(iter(self._frames))]

    @property
    def single(self) -> bool:
        """Whether it is one picture; after `read`."""
        return self._frames.count == 1

    def compute(self, report: Report) -> None:
        """Do a single picture; of several, begin with none yet."""
        self._report = report
        pictures = self._pictures()
        self._ready = iter([next(pictures)]) if self.single else pictures
        self._decoded = () if self.single else self._decoded

    def write(self) -> Record:
        """Write the file."""
        from swinsr.image import encode_to_bytes, write_frames, write_image
        from swinsr.image.write import DEFAULT_QUALITY

        work, job, form = self._work, self._job, self._form
        frames, pictures = self._frames, self._ready
        quality = work.quality or DEFAULT_QUALITY
        if job.to_stream:
            data, lost = encode_to_bytes(
                pictures, frames, form, quality=quality, lossless=work.lossless
            )
            _write_out(data)
        else:
            _make_parent(job)
            options: dict[str, Any] = {
                "format_name": form,
                "quality": quality,
                "lossless": work.lossless,
                "overwrite": work.overwrite,
            }
            if frames.count == 1:
                image = next(pictures).image
                lost = write_image(job.output, image, **options)
            else:
                lost = write_frames(job.output, pictures, frames, **options)
        assert self._first is not None  # a file holds one picture at least
        before, size = self._first
        engine = self._models.get(size.scale).engine
        return Record(
            job.source_name,
            job.output_name,
            "done",
            size=(before.width, before.height),
            output_size=size.final[::-1],
            frames=frames.count,
            model=engine.name,
            precision=engine.precision,
            notes=(*engine.notes, *self._notes, *frames.notes, *lost),
        )

    def _pictures(self) -> Iterator["Frame"]:
        """Each picture of the file, done."""
        own = self._models.get(self._work.target.scale).scale
        for number, frame in enumerate(self._decoded):
            image = frame.image
            self._notes.update(dict.fromkeys(image.notes))
            size = self._work.target.size(image.height, image.width, own)
            check_side(self._job.output_name, *size.final, self._form)
            if self._first is None:
                self._first = (image, size)

            def part(share: float, done: int = number) -> None:
                self._report((done + share) / self._frames.count)

            yield replace(frame, image=self._one(image, size, part))

    def _one(self, image: "Image", size: "Size", report: Report) -> "Image":
        from swinsr.image import resize_image, without_description

        work = self._work
        if work.bits is not None and work.bits > image.bits:
            # Deeper before the work, so that what is rounded at its end has all the bits.
            image = _with_depth(image, work.bits)
        try:
            if size.scale <= 1 and work.task == "upscale" and work.target.sized:
                image = resize_image(image, size.height, size.width)
                report(1.0)
            else:
                upscaler = self._models.get(size.scale)
                scale = max(size.scale, 1.0)
                image = upscaler.upscale(image, scale, report, size=(size.height, size.width))
        except NotEnoughMemoryError as error:
            raise NotEnoughMemoryError(f"{self._job.source_name}: {error}") from error
        if size.crop is not None:
            image = _cut(image, size.crop)
        if work.bits is not None:
            image = _with_depth(image, work.bits)
        return without_description(image) if work.strip_metadata else image


def _source(job: Job) -> "ImageSource":
    if not job.from_stream:
        return job.source
    return _Piped(sys.stdin.buffer.read())


def _write_out(data: bytes) -> None:
    """The whole file on standard output.

    Raises:
        ImageWriteError: it does not take it, or it is a terminal.
    """
    if sys.stdout.isatty():
        raise ImageWriteError("standard output is a terminal; redirect it, or use -o FILE")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stdout = None  # what is buffered would fail once more, loudly, at the end
        raise ImageWriteError(
            f"standard output cannot be written to ({error.strerror}); free some space there"
        ) from error


def _make_parent(job: Job) -> None:
    """The folder of a file within a tree; where a file was named, its folder must be there.

    Raises:
        ImageWriteError: it is missing or cannot be made.
    """
    if is_folder(job.output.parent):
        return
    if not job.below_output:
        raise ImageWriteError(f"{job.output}: the folder does not exist; create it first")
    try:
        job.output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageWriteError(
            f"{job.output.parent}: the folder cannot be made ({error.strerror}); choose another "
            "with -o"
        ) from error


def _with_depth(image: "Image", bits: int) -> "Image":
    from swinsr.image import to_depth

    name = {8: "uint8", 16: "uint16", 32: "float32"}[bits]
    alpha = image.alpha if image.alpha is None else to_depth(image.alpha, name)
    return image.with_pixels(to_depth(image.pixels, name), alpha)


def _cut(image: "Image", crop: tuple[int, int]) -> "Image":
    """The middle of a picture."""
    top, left = (image.height - crop[0]) // 2, (image.width - crop[1]) // 2
    window = (slice(top, top + crop[0]), slice(left, left + crop[1]))
    alpha = None if image.alpha is None else image.alpha[window].copy()
    return image.with_pixels(image.pixels[window].copy(), alpha)
