"""One job: a picture file read, enlarged or restored, and written."""

import io
import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from swinsr.errors import (
    ImageReadError,
    ImageWriteError,
    NotEnoughMemoryError,
    OutputExistsError,
    SwinsrError,
)
from swinsr.files.choose import choose_way, suited
from swinsr.files.engines import Engines, Models
from swinsr.files.plan import Job
from swinsr.files.record import Record, sentence
from swinsr.files.settings import Settings
from swinsr.files.sources import is_file, is_folder, is_there
from swinsr.image.formats.table import check_side, output_format

if TYPE_CHECKING:
    from swinsr.files.size import Size
    from swinsr.image import Frame, Header, Image, ImageSource

Report = Callable[[float], None]


class _Named(io.BytesIO):
    """Bytes that messages call by a name of ours."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def attempt(engines: Engines, job: Job, settings: Settings, report: Report) -> Record:
    """The record of a job, done or not."""
    start = time.perf_counter()
    try:
        record = convert(engines, job, settings, report)
    except SwinsrError as error:
        record = failed(job, error)
    return replace(record, seconds=time.perf_counter() - start)


def failed(job: Job, error: SwinsrError) -> Record:
    """The record of a job that could not be done."""
    return Record(job.source_name, job.output_name, "failed", error=sentence(error))


def convert(engines: Engines, job: Job, settings: Settings, report: Report) -> Record:
    """Read, upscale or restore, and write one file.

    Args:
        engines: the run's models.
        job: the file and where its result goes.
        settings: what is done to it.
        report: told the share of the work done.

    Raises:
        SwinsrError: whatever went wrong; nothing was written.
    """
    form = checked_format(job, settings)
    if form is None:
        return Record(job.source_name, job.output_name, "skipped")
    header = look(job)
    models = suited(engines, settings, job.source, header)
    if header is not None:
        way = choose_way(models, settings, header.height, header.width)
        if way.tiles is not None and way.engine is not None:
            from swinsr.files.tiled.large import convert_large

            record = convert_large(way.engine, job, settings, way.tiles, form, header, report)
            if record is not None:
                return replace(record, reason=models.why(way.size.scale))
    conversion = Conversion(models, job, settings, form)
    conversion.read()
    conversion.compute(report)
    return conversion.write()


def look(job: Job) -> "Header | None":
    """What an input's header says; None where only reading it as a whole can tell what is there."""
    from swinsr.image import probe_image

    # Looking at a pipe's header would take it from whoever reads the picture.
    if job.from_stream or job.to_stream or not is_file(job.source):
        return None
    try:
        return probe_image(job.source)
    except ImageReadError:
        return None  # reading it as a whole says what is wrong


def can_start(job: Job, settings: Settings) -> bool:
    """Whether a job gets as far as its model: its names, output and input's header are sound.

    Where it does not, `attempt` says why, and needs no model for it.
    """
    try:
        if checked_format(job, settings) is None:
            return False
        if job.from_stream or look(job) is not None:
            return True
        if not is_file(job.source):
            return is_there(job.source)  # a pipe can be read once only
        from swinsr.image import read_frames

        read_frames(_source(job), max_pixels=settings.max_pixels)
    except SwinsrError:
        return False
    return True


def checked_format(job: Job, settings: Settings) -> str | None:
    """The output's format; None where it is there and is to stay.

    What is wrong with the output shows before the work is done, not after.

    Raises:
        SwinsrError: the picture cannot be done.
    """
    if job.error is not None:
        raise ImageWriteError(job.error)
    form = settings.format or output_format(job.output)
    settings.check_format(form)
    if not job.to_stream:
        _check_folder(job)
    if not job.to_stream and os.path.lexists(job.output):
        if settings.skip_existing and not is_folder(job.output):
            return None
        _check_output(job, settings)
    return form


def _check_output(job: Job, settings: Settings) -> None:
    if is_folder(job.output):
        raise ImageWriteError(f"{job.output}: a folder of that name is there; choose another name")
    if not settings.overwrite:
        raise OutputExistsError(
            f"{job.output}: it is already there; choose another name with -o, or replace it with "
            "--overwrite"
        )


class Conversion:
    """One file on its way, however many pictures it holds: read, computed, written.

    A single picture is computed by `compute`; several are decoded, computed and encoded one after
    the other by `write`, so that they are never all in memory.
    """

    def __init__(self, engines: Models, job: Job, settings: Settings, form: str) -> None:
        """Nothing is done yet."""
        self._engines, self._job, self._settings, self._form = engines, job, settings, form
        self._report: Report = lambda share: None
        self._first: tuple[Image, Size] | None = None
        self._notes: dict[str, None] = {}
        self._ready: Iterator[Frame] = iter(())
        self._result: Image | None = None

    def read(self) -> None:
        """Read the file, and decode a single picture."""
        from swinsr.image import read_frames

        frames = read_frames(_source(self._job), max_pixels=self._settings.max_pixels)
        self._frames = frames.limited(self._form)
        self._decoded: Iterable[Frame] = self._frames
        if self.single:
            self._decoded = [next(iter(self._frames))]

    @property
    def single(self) -> bool:
        """Whether it is one picture; after `read`."""
        return self._frames.count == 1

    @property
    def result(self) -> "Image | None":
        """A single picture, done; after `compute`."""
        return self._result

    def compute(self, report: Report) -> None:
        """Do a single picture; of several, begin with none yet."""
        self._report = report
        pictures = self._pictures()
        if not self.single:
            self._ready = pictures
            return
        frame = next(pictures)
        self._ready, self._result, self._decoded = iter([frame]), frame.image, ()

    def write(self) -> Record:
        """Write the file."""
        from swinsr.image import encode_to_bytes, write_frames, write_image

        settings, job, form = self._settings, self._job, self._form
        frames, pictures = self._frames, self._ready
        quality = settings.encoder_quality
        if job.to_stream:
            data, lost = encode_to_bytes(
                pictures, frames, form, quality=quality, lossless=settings.lossless
            )
            _write_out(data)
        else:
            _make_parent(job)
            options: dict[str, Any] = {
                "format_name": form,
                "quality": quality,
                "lossless": settings.lossless,
                "overwrite": settings.overwrite,
            }
            if frames.count == 1:
                image = next(pictures).image
                lost = write_image(job.output, image, **options)
            else:
                lost = write_frames(job.output, pictures, frames, **options)
        assert self._first is not None  # a file holds one picture at least
        before, size = self._first
        engine = self._engines.get(size.scale).engine
        return Record(
            job.source_name,
            job.output_name,
            "done",
            size=(before.width, before.height),
            output_size=size.final[::-1],
            frames=frames.count,
            model=engine.name,
            precision=engine.precision,
            reason=self._engines.why(size.scale),
            notes=(*engine.notes, *self._notes, *frames.notes, *lost),
        )

    def _pictures(self) -> Iterator["Frame"]:
        """Each picture of the file, done."""
        own = self._engines.get(self._settings.scale).scale
        for number, frame in enumerate(self._decoded):
            image = frame.image
            self._notes.update(dict.fromkeys(image.notes))
            size = self._settings.target.size(image.height, image.width, own)
            check_side(self._job.output_name, *size.final, self._form)
            if self._first is None:
                self._first = (image, size)

            def part(share: float, done: int = number) -> None:
                self._report((done + share) / self._frames.count)

            yield replace(frame, image=self._one(image, size, part))

    def _one(self, image: "Image", size: "Size", report: Report) -> "Image":
        from swinsr.image import resize_image, without_description

        settings = self._settings
        if settings.bits is not None and settings.bits > image.bits:
            # Deeper before the work, so that what is rounded at its end has all the bits.
            image = _with_depth(image, settings.bits)
        try:
            if size.scale <= 1 and settings.task == "upscale" and settings.target.sized:
                image = resize_image(image, size.height, size.width)
                report(1.0)
            else:
                upscaler = self._engines.get(size.scale)
                scale = max(size.scale, 1.0)
                image = upscaler.upscale(image, scale, report, size=(size.height, size.width))
        except NotEnoughMemoryError as error:
            raise NotEnoughMemoryError(f"{self._job.source_name}: {error}") from error
        if size.crop is not None:
            image = _cut(image, size.crop)
        if settings.bits is not None:
            image = _with_depth(image, settings.bits)
        return without_description(image) if settings.strip_metadata else image


def _source(job: Job) -> "ImageSource":
    if job.from_stream:
        return _Named(sys.stdin.buffer.read(), job.source_name)
    if job.name is None:
        return job.source
    try:
        return _Named(job.source.read_bytes(), job.name)
    except OSError as error:
        raise ImageReadError(f"{job.name}: it cannot be read ({error.strerror})") from error


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


def _check_folder(job: Job) -> None:
    """Where an output was named, its folder must be there; only that of a tree is made.

    Raises:
        ImageWriteError: it is not.
    """
    beside = not job.from_stream and job.output.parent == job.source.parent
    if not job.below_output and not beside and not is_folder(job.output.parent):
        raise ImageWriteError(f"{job.output}: the folder does not exist; create it first")


def _make_parent(job: Job) -> None:
    """Make the folder of a file within a tree.

    Raises:
        ImageWriteError: it cannot be made.
    """
    _check_folder(job)
    if is_folder(job.output.parent):
        return
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
