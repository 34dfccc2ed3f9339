"""One job: a picture file read, enlarged or restored, and written."""

import io
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from swinsr.errors import (
    ImageReadError,
    NotEnoughMemoryError,
    SwinsrError,
    is_out_of_memory,
)
from swinsr.files.choose import choose_way, suited
from swinsr.files.engines import Engines, Models, Suited
from swinsr.files.expect import Announce, expect
from swinsr.files.outputs import checked_format, make_parent, write_out
from swinsr.files.plan import Job
from swinsr.files.record import Record, sentence
from swinsr.files.settings import Settings
from swinsr.files.sources import is_file, is_there
from swinsr.image.formats.table import check_side

if TYPE_CHECKING:
    from swinsr.files.size import Size
    from swinsr.image import Frame, Header, Image, ImageSource

Report = Callable[[float], None]


class _Named(io.BytesIO):
    """Bytes that messages call by a name of ours."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


def attempt(
    engines: Engines,
    job: Job,
    settings: Settings,
    report: Report,
    announce: Announce | None = None,
) -> Record:
    """The record of a job, done or not."""
    start = time.perf_counter()
    try:
        record = convert(engines, job, settings, report, announce)
    except SwinsrError as error:
        record = failed(job, error)
    return replace(record, seconds=time.perf_counter() - start)


def attempt_apart(engines: Engines, job: Job, settings: Settings, remedy: str) -> Record:
    """`attempt` in a process of its own, where want of memory is the picture's alone.

    Args:
        engines: this process's models.
        job: the file and where its result goes.
        settings: what is done to it.
        remedy: what the user can do where memory is short.
    """
    try:
        return attempt(engines, job, settings, lambda share: None)
    except MemoryError as error:
        if not is_out_of_memory(error):
            raise
        short = NotEnoughMemoryError(f"{job.source}: there is not enough memory; {remedy}")
        return failed(job, short)


def failed(job: Job, error: SwinsrError) -> Record:
    """The record of a job that could not be done."""
    return Record(job.source_name, job.output_name, "failed", error=sentence(error))


def convert(
    engines: Engines,
    job: Job,
    settings: Settings,
    report: Report,
    announce: Announce | None = None,
    *,
    models: Suited | None = None,
    made: "Callable[[Image], None] | None" = None,
) -> Record:
    """Read, upscale or restore, and write one file.

    Args:
        engines: the run's models.
        job: the file and where its result goes.
        settings: what is done to it.
        report: notified with the share of the work done.
        announce: notified, before long work, with the source's name and what to expect.
        models: those of them that suit the picture, where that is known; None to judge it.
        made: notified with a single picture before it is written; not of one in tiles or bands.

    Raises:
        SwinsrError: whatever went wrong; nothing was written.
    """
    form = checked_format(job, settings)
    if form is None:
        return Record(job.source_name, job.output_name, "skipped")
    header = look(job)
    models = models or suited(engines, settings, job.source, header)
    if header is not None:
        way = choose_way(models, settings, header.height, header.width)
        if announce is not None:
            expected = expect(way, header.height, header.width)
            if expected is not None:
                announce(job.source_name, expected)
        if way.tiles is not None and way.engine is not None:
            from swinsr.files.tiled.large import convert_large

            record = convert_large(way.engine, job, settings, way.tiles, form, header, report)
            if record is not None:
                return replace(record, reason=models.why(way.size.scale))
    conversion = Conversion(models, job, settings, form)
    conversion.read()
    conversion.compute(report)
    if made is not None and conversion.result is not None:
        made(conversion.result)
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
            write_out(data)
        else:
            make_parent(job)
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

            def part(share: float, before: int = number) -> None:
                self._report((before + share) / self._frames.count)

            name = self._job.source_name
            done = enlarged(self._engines, self._settings, image, size, name, part)
            yield replace(frame, image=done)


def enlarged(
    models: Models, settings: Settings, image: "Image", size: "Size", name: str, report: Report
) -> "Image":
    """One picture done as the settings say.

    Args:
        models: of the run.
        settings: what is done.
        image: the picture.
        size: what it becomes.
        name: of its file, for messages.
        report: notified with the share of the work done.

    Raises:
        NotEnoughMemoryError: naming the file.
    """
    from swinsr.image import resize_image, without_description

    if settings.bits is not None and settings.bits > image.bits:
        # Deeper before the work, so that what is rounded at its end has all the bits.
        image = _with_depth(image, settings.bits)
    try:
        if size.scale <= 1 and settings.task == "upscale" and settings.target.sized:
            image = resize_image(image, size.height, size.width)
            report(1.0)
        else:
            upscaler = models.get(size.scale)
            scale = max(size.scale, 1.0)
            image = upscaler.upscale(image, scale, report, size=(size.height, size.width))
    except NotEnoughMemoryError as error:
        raise NotEnoughMemoryError(f"{name}: {error}") from error
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


def _with_depth(image: "Image", bits: int) -> "Image":
    from swinsr.image import in_depth

    return in_depth(image, {8: "uint8", 16: "uint16", 32: "float32"}[bits])


def _cut(image: "Image", crop: tuple[int, int]) -> "Image":
    """The middle of a picture."""
    top, left = (image.height - crop[0]) // 2, (image.width - crop[1]) // 2
    window = (slice(top, top + crop[0]), slice(left, left + crop[1]))
    alpha = None if image.alpha is None else image.alpha[window].copy()
    return image.with_pixels(image.pixels[window].copy(), alpha)
