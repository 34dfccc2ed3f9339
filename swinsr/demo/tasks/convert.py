"""One picture from upload to download: what both the page and the API do."""

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from swinsr.demo.catalogue import Catalogue
from swinsr.demo.folder import Folder
from swinsr.demo.jobs import Submission
from swinsr.demo.limits import Limits
from swinsr.demo.names import known_as
from swinsr.demo.tasks.choose import Saving, WantedSize, choose
from swinsr.demo.telling import collected
from swinsr.demo.uploads import Upload, open_upload
from swinsr.errors import NotEnoughMemoryError
from swinsr.files.convert import convert
from swinsr.files.plan import Job, Naming
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
_ONLY_WRITTEN = "too large to be kept in a second format: saved again, it is made from this file"


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
        chosen = choose(
            upload, model, size, saving, self.limits, restores=restores, strength=strength
        )
        settings, target = chosen.settings, chosen.target
        engines = self.catalogue.engines(settings, job)
        models = chosen.models(engines)
        upscaler = models.get(target.scale)  # loaded before the clock starts
        if not restores and not settings.target.sized:
            upscaler.check_scale(target.scale)
        naming = Naming(settings.mark(chosen.own), _suffix(saving.format))
        file = self.folder.new_file(naming.name(Path(upload.name)))
        check_side(file.name, *target.final, saving.format or output_format(file))
        job.stage("Restoring" if restores else "Enlarging")
        kept: list[tuple[Image, float]] = []

        def keep(image: Image) -> None:
            kept.append((image, time.perf_counter()))
            job.stage("Writing the result")

        start = time.perf_counter()
        with collected() as told, known_as(upload.name, upload.path, file):
            done = convert(
                engines, Job(upload.path, file, name=upload.name), settings, job.report,
                models=models, made=keep,
            )  # fmt: skip
        image, end = kept[0] if kept else (None, time.perf_counter())
        seconds = end - start
        notes = [*told, *done.notes]
        if len(chosen.offers) == 1:
            pixels = upload.header.height * upload.header.width * done.frames
            self.catalogue.speeds.note(chosen.offers[0].entry, target.scale, pixels, seconds)
        lossless = before = after = file
        thumb = None
        if shown:
            plain = Naming(settings.mark(chosen.own)).name(Path(upload.name))
            # An animation is kept as it was written: what is saved later has all of its frames.
            if done.frames == 1 and output_format(Path(plain)) != output_format(file):
                if image is None:
                    notes.append(_ONLY_WRITTEN)
                else:
                    lossless = self.folder.new_file(plain)
                    _write(lossless, image, 100)
            image = image or read_image(file, max_pixels=None)
            after = self._shown(image, lossless)
            before = self._shown(upload.read(), None)
            thumb = self._thumb(image)
        assert done.size is not None and done.output_size is not None
        return Converted(
            file, lossless, before, after, thumb, done.size, done.output_size, seconds,
            chosen.name,
            engine_line(upscaler) + (f", for {chosen.reason}" if chosen.reason else ""),
            tuple(notes),
        )  # fmt: skip

    def save_again(self, job: Submission, lossless: str, saving: Saving) -> Path:
        """A finished result in another format."""
        path = self.folder.check_inside(lossless)
        job.stage("Writing the result")
        kind = saving.format or output_format(path)
        frames = read_frames(path, max_pixels=None).limited(kind)
        target = self.folder.new_file(Naming("", _suffix(kind)).name(path))
        check_side(target.name, frames.header.height, frames.header.width, kind)
        with known_as(target.name, target):
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


def _suffix(format_name: str | None) -> str | None:
    return None if format_name is None else ALL[format_name].suffixes[0]


def _write(path: Path, image: Image, quality: int) -> tuple[str, ...]:
    with known_as(path.name, path):
        return write_image(path, image, quality=quality)
