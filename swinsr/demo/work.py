"""One picture from upload to download: what both the page and the API do."""

import dataclasses
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from swinsr.demo.catalogue import AUTOMATIC, Catalogue, automatic, find_offer
from swinsr.demo.folder import Folder
from swinsr.demo.jobs import Job
from swinsr.demo.limits import Limits
from swinsr.demo.names import result_name
from swinsr.demo.telling import collected
from swinsr.demo.uploads import Upload, open_upload
from swinsr.errors import ConfigError, ImageWriteError, NotEnoughMemoryError
from swinsr.image import Image, check_side, output_format, read_image, to_depth, write_image

if TYPE_CHECKING:
    from swinsr.inference import Upscaler

# What browsers show as it is.
_SHOWN = (".png", ".jpg", ".webp")
LARGEST_SCALE = 64.0


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
class Size:
    """How large a result becomes: a factor, or a width or height in pixels."""

    scale: float | None = None
    width: float | None = None
    height: float | None = None

    def mark(self, scale: float) -> str:
        """What is added to a result's name; `scale` is the enlargement that is made."""
        if self.width is not None:
            return f"_w{self.width:g}"
        return f"_x{scale:g}" if self.height is None else f"_h{self.height:g}"

    def factor(self, image: Image) -> float | None:
        """The enlargement for a picture; None for the model's own.

        Raises:
            ConfigError: no enlargement, more than 64 times, or sizes of several kinds.
        """
        if sum(value is not None for value in (self.scale, self.width, self.height)) > 1:
            raise ConfigError("give only one of scale, width and height.")
        if self.width is not None:
            scale = float(self.width) / image.width
        elif self.height is not None:
            scale = float(self.height) / image.height
        elif self.scale is not None:
            scale = float(self.scale)
        else:
            return None
        if not 1.0 <= scale <= LARGEST_SCALE:
            raise ConfigError(
                f"pictures are enlarged by 1 to {LARGEST_SCALE:g}; this would be "
                f"{scale:g} times {image.width} x {image.height}."
            )
        return scale


@dataclass(frozen=True)
class Result:
    """A finished picture.

    Attributes:
        file: what is downloaded.
        lossless: the same picture in a format that lost nothing; to be saved otherwise later.
        before, after: for the page, in formats that browsers show.
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
        job: Job,
        path: str | None,
        model: str,
        size: Size,
        saving: Saving,
        *,
        restores: bool,
        shown: bool = True,
    ) -> Result:
        """Upscale or restore one upload and write what is downloaded and shown.

        Args:
            job: told the progress.
            path: of the upload, as the client sent it.
            model: the name of an offer, or `AUTOMATIC`.
            size: of the result.
            saving: its format.
            restores: whether models at the picture's own size are meant.
            shown: whether the page shows the result; else only `file` is written.

        Raises:
            SwinsrError: whatever is wrong with the upload, the model or the options.
        """
        upload = self.open(path)
        job.stage("Reading the picture")
        image = upload.read()
        scale = 1.0 if restores else size.factor(image)
        name = automatic(scale or 4.0) if model == AUTOMATIC else model
        find_offer(name, restores=restores)
        upscaler = self.catalogue.get(name, job)
        wanted = upscaler.scale if scale is None else scale
        mark = "_restored" if restores else size.mark(wanted)
        target = result_name(upload.name, mark, saving.format, image.source_format)
        width, height = (int(side * wanted + 0.5) for side in (image.width, image.height))
        self.limits.check_output(upload.name, height, width)
        check_side(target, height, width, output_format(Path(target)))
        upscaler.check_scale(wanted)
        job.stage("Restoring" if restores else "Enlarging")
        with collected() as told:
            done, seconds = run(upscaler, image, wanted, job, upload.name)
        job.stage("Writing the result")
        file = self.folder.new_file(target)
        notes = (*upscaler.engine.notes, *image.notes, *told, *_write(file, done, saving.quality))
        lossless = before = after = file
        if shown:
            plain = result_name(upload.name, mark, None, image.source_format)
            if output_format(Path(plain)) != output_format(file):
                lossless = self.folder.new_file(plain)
                _write(lossless, done, 100)
            after = self._shown(done, lossless)
            before = self._shown(image, None)
        return Result(
            file, lossless, before, after, (image.width, image.height), (done.width, done.height),
            seconds, name, engine_line(upscaler), notes,
        )  # fmt: skip

    def save_again(self, job: Job, lossless: str, saving: Saving) -> Path:
        """A finished result in another format."""
        path = self.folder.check_inside(lossless)
        job.stage("Writing the result")
        image = read_image(path, max_pixels=None)
        kind = saving.format or output_format(path)
        target = self.folder.new_file(result_name(path.name, "", kind, None))
        check_side(target.name, image.height, image.width, kind)
        _write(target, image, saving.quality)
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


def run(
    upscaler: "Upscaler", image: Image, scale: float, job: Job, name: str
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


def _write(path: Path, image: Image, quality: int) -> tuple[str, ...]:
    try:
        return write_image(path, image, quality=quality)
    except ImageWriteError as error:
        # The visitor knows the name, not the server's folders.
        raise ImageWriteError(str(error).replace(str(path), path.name)) from error
