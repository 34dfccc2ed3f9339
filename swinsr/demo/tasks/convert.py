"""One picture from upload to download: what both the page and the API do."""

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from swinsr.demo.catalogue import KINDS, Catalogue, Offer, find_offer, restoring, suited_name
from swinsr.demo.folder import Folder
from swinsr.demo.jobs import Submission
from swinsr.demo.limits import Limits
from swinsr.demo.telling import collected
from swinsr.demo.uploads import Upload, open_upload
from swinsr.errors import ConfigError, ImageWriteError, NotEnoughMemoryError
from swinsr.files.convert import Conversion
from swinsr.files.plan import Job, Naming
from swinsr.files.record import Record
from swinsr.files.settings import Settings, Task
from swinsr.files.size import Size
from swinsr.image import (
    Image,
    check_side,
    output_format,
    read_frames,
    read_image,
    to_depth,
    write_frames,
    write_image,
)
from swinsr.image.formats.table import ALL
from swinsr.image.resize.pillow import resize

if TYPE_CHECKING:
    from swinsr.inference import Upscaler

# What browsers show as it is.
_SHOWN = (".png", ".jpg", ".webp", ".gif")
_THUMB_SIDE = 144


@dataclass(frozen=True)
class Saving:
    """How a result is written.

    Attributes:
        format: "PNG", "JPEG", "WebP", "TIFF" or "BMP"; None for the upload's own where that loses
            nothing, else PNG, as `swinsr upscale` does.
        quality: 1 to 100, for JPEG and WebP.
    """

    format: str | None = None
    quality: int = 95


@dataclass(frozen=True)
class WantedSize:
    """How large a result becomes: a factor, or a width or height in pixels."""

    scale: float | None = None
    width: float | None = None
    height: float | None = None

    def settings(
        self, task: Task, saving: Saving, max_pixels: int, strength: float = 1.0
    ) -> Settings:
        """The settings of a run; `strength` is of a restoration.

        Raises:
            ConfigError: no size, or sizes of several kinds.
        """
        if sum(value is not None for value in (self.scale, self.width, self.height)) > 1:
            raise ConfigError("give only one of scale, width and height")
        width, height = (None if x is None else int(x + 0.5) for x in (self.width, self.height))
        if (width is not None and width < 1) or (height is not None and height < 1):
            raise ConfigError("a width or height is at least 1 pixel")
        return Settings(
            task=task,
            scale=self.scale,
            width=width,
            height=height,
            format=saving.format,
            quality=saving.quality,
            max_pixels=max_pixels,
            strength=strength,
        )


@dataclass(frozen=True)
class Converted:
    """A finished picture.

    Attributes:
        file: what is downloaded.
        lossless: the same picture in a format that lost nothing; to be saved otherwise later.
        before, after: for the page, in formats that browsers show.
        thumb: the result, small; None where the page does not show it.
        source, size: (width, height) before and after.
        seconds: of computation; reading, loading and writing left out.
        model: its name.
        engine: where and how it ran.
        notes: sentences on what could not be kept.
    """

    file: Path
    lossless: Path
    before: Path
    after: Path
    thumb: Path | None
    source: tuple[int, int]
    size: tuple[int, int]
    seconds: float
    model: str
    engine: str
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Workshop:
    """What every task needs: where files lie, what is allowed, which models there are."""

    folder: Folder
    limits: Limits
    catalogue: Catalogue

    def open(self, path: str | None) -> Upload:
        """An upload, checked; see `open_upload`."""
        return open_upload(path, self.folder, self.limits)

    def process(
        self,
        job: Submission,
        path: str | None,
        model: str,
        size: WantedSize,
        saving: Saving,
        *,
        restores: bool,
        strength: float = 1.0,
        shown: bool = True,
    ) -> Converted:
        """Upscale or restore one upload and write what is downloaded and shown.

        Args:
            job: notified with the progress.
            path: of the upload, as the client sent it.
            model: the name of an offer, or one of `KINDS`.
            size: of the result.
            saving: its format.
            restores: whether models at the picture's own size are meant.
            strength: share of a restoration that is taken, 0 to 1.
            shown: whether the page shows the result; else only `file` is written.

        Raises:
            SwinsrError: whatever is wrong with the upload, the model or the options.
        """
        upload = self.open(path)
        chosen = self.choose(upload, model, size, saving, restores=restores, strength=strength)
        settings, target = chosen.settings, chosen.target
        upscaler = self.catalogue.get(chosen.offer.name, job, strength)
        if not restores and not settings.target.sized:
            upscaler.check_scale(target.scale)
        naming = Naming(settings.mark(upscaler.scale), _suffix(saving.format))
        file = self.folder.new_file(naming.name(Path(upload.name)))
        run = Conversion(
            _One(upscaler, chosen.reason), Job(upload.path, file, name=upload.name), settings,
            saving.format or output_format(file),
        )  # fmt: skip
        check_side(file.name, *target.final, saving.format or output_format(file))
        job.stage("Reading the picture")
        run.read()
        job.stage("Restoring" if restores else "Enlarging")
        start = time.perf_counter()
        with collected() as told:
            run.compute(job.report)
            seconds = time.perf_counter() - start
            job.stage("Writing the result")
            done = self._written(run, file)
        pixels = upload.header.height * upload.header.width
        self.catalogue.speeds.note(chosen.offer.entry, target.scale, pixels, seconds)
        lossless = before = after = file
        thumb = None
        if shown:
            plain = Naming(settings.mark(upscaler.scale)).name(Path(upload.name))
            image = run.result or read_image(file, max_pixels=None)
            # An animation is kept as it was written: what is saved later has all of its frames.
            if run.single and output_format(Path(plain)) != output_format(file):
                lossless = self.folder.new_file(plain)
                _write(lossless, image, 100)
            after = self._shown(image, lossless)
            before = self._shown(upload.read(), None)
            thumb = self._thumb(image)
        assert done.size is not None and done.output_size is not None
        return Converted(
            file, lossless, before, after, thumb, done.size, done.output_size, seconds,
            chosen.offer.name,
            engine_line(upscaler) + (f", for {chosen.reason}" if chosen.reason else ""),
            (*told, *done.notes),
        )  # fmt: skip

    def choose(
        self, upload: Upload, model: str, size: WantedSize, saving: Saving, *, restores: bool,
        strength: float = 1.0,
    ) -> "Chosen":  # fmt: skip
        """What would be done, decided from the header alone; arguments as for `process`.

        Raises:
            SwinsrError: it cannot be done, or would be too large.
        """
        height, width = upload.header.height, upload.header.width
        task = "upscale" if not restores else restoring(model)
        settings = size.settings(task, saving, self.limits.max_pixels, strength)
        name, reason = model, ""
        if model in KINDS:
            wanted = settings.target.size(height, width, 4.0).scale
            name, reason = suited_name(model, upload, max(wanted, 1.0))
        offer = find_offer(name, restores=restores)
        target = settings.target.size(height, width, offer.scale)
        if target.scale < 1:
            raise ConfigError(
                f"{upload.name}: {width} x {height} is larger than the size that is asked for; "
                "pictures are enlarged here"
            )
        self.limits.check_output(upload.name, *target.final)
        return Chosen(offer, reason, settings, target)

    def _written(self, run: Conversion, file: Path) -> Record:
        with _named(file):
            return run.write()

    def save_again(self, job: Submission, lossless: str, saving: Saving) -> Path:
        """A finished result in another format."""
        path = self.folder.check_inside(lossless)
        job.stage("Writing the result")
        kind = saving.format or output_format(path)
        frames = read_frames(path, max_pixels=None).limited(kind)
        target = self.folder.new_file(Naming("", _suffix(kind)).name(path))
        check_side(target.name, frames.header.height, frames.header.width, kind)
        with _named(target):
            if frames.count > 1:
                write_frames(target, frames, frames, quality=saving.quality)
            else:
                write_image(target, next(iter(frames)).image, quality=saving.quality)
        return target

    def _shown(self, image: Image, written: Path | None) -> Path:
        """A file that browsers show, its colour profile kept: `written` or a new one, 8 bits."""
        if written is not None and written.suffix in _SHOWN and image.bits == 8:
            return written
        eight = dataclasses.replace(
            image,
            pixels=to_depth(image.pixels, np.uint8),
            alpha=None if image.alpha is None else to_depth(image.alpha, np.uint8),
            metadata=dataclasses.replace(image.metadata, exif=None, xmp=None),
        )
        path = self.folder.new_file("shown.png")
        _write(path, eight, 100)
        return path

    def _thumb(self, image: Image) -> Path:
        """The picture, small, as WebP."""
        factor = min(_THUMB_SIDE / max(image.height, image.width), 1.0)
        size = max(round(image.height * factor), 1), max(round(image.width * factor), 1)
        alpha = None if image.alpha is None else resize(image.alpha, *size)
        small = image.with_pixels(resize(image.pixels, *size), alpha)
        path = self.folder.new_file("thumb.webp")
        metadata = dataclasses.replace(image.metadata, exif=None, xmp=None)
        _write(path, dataclasses.replace(small, metadata=metadata), 80)
        return path


@dataclass(frozen=True)
class Chosen:
    """What a picture's header and a visitor's wishes come to.

    Attributes:
        offer: the model.
        reason: why it was taken, for people; empty where nothing spoke for it.
        settings: of the run.
        target: the factor, and the size of the result.
    """

    offer: Offer
    reason: str
    settings: Settings
    target: Size


def run(
    upscaler: "Upscaler", image: Image, scale: float, job: Submission, name: str
) -> tuple[Image, float]:
    """The computation alone, with its seconds.

    Raises:
        NotEnoughMemoryError: naming the picture.
        StoppedJobError, JobTimeError: from the job.
    """
    start = time.perf_counter()
    try:
        done = upscaler.upscale(image, scale, job.report)
    except NotEnoughMemoryError as error:
        raise NotEnoughMemoryError(f"{name}: {error}") from error
    return done, time.perf_counter() - start


def engine_line(upscaler: "Upscaler") -> str:
    """Where and how a model runs: "cpu, bfloat16, native attention"."""
    from swinsr.ops.backend import explain_attention

    engine = upscaler.engine
    if not engine.tileable:
        return "cpu, interpolation"
    if engine.device.type != "cpu":
        return f"{engine.device}, {engine.precision}"
    return f"cpu, {engine.precision}, {explain_attention().backend} attention"


@dataclass(frozen=True)
class _One:
    """The model that was chosen, whatever the scale."""

    upscaler: "Upscaler"
    reason: str

    def get(self, scale: float | None) -> "Upscaler":
        return self.upscaler

    def why(self, scale: float | None) -> str:
        return self.reason


def _suffix(format_name: str | None) -> str | None:
    return None if format_name is None else ALL[format_name].suffixes[0]


def _write(path: Path, image: Image, quality: int) -> tuple[str, ...]:
    with _named(path):
        return write_image(path, image, quality=quality)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Errors that name the file alone: the visitor knows it, not the server's folders.

    Raises:
        ImageWriteError: in place of one with the whole path.
    """
    try:
        yield
    except ImageWriteError as error:
        raise ImageWriteError(str(error).replace(str(path), path.name)) from error
