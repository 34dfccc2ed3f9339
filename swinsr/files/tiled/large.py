"""One large picture, from file to file: in tiles, in bands, and so that a stopped run goes on.

The input is copied upright into the work folder; each pass of the model goes from one raw file to
the next, tile by tile; the last is brought to its size and type and encoded in bands. In memory
there is one tile, or one band, whatever the picture's height.
"""

import dataclasses
import json
import math
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from swinsr.errors import ImageWriteError
from swinsr.files.plan import Job
from swinsr.files.record import Record
from swinsr.files.settings import Settings
from swinsr.files.signals import StoppedError
from swinsr.files.size import Size
from swinsr.files.tiled.channels import Channels, Finish, FloatArray
from swinsr.files.tiled.spool import Input, digest, open_input, spool
from swinsr.files.watch import TileProgress
from swinsr.image import Header, atomic_output, check_side, read_frames
from swinsr.image.bands import encode_bands
from swinsr.image.colour.tone import tone_of
from swinsr.image.resize.matlab_rows import RowResize
from swinsr.image.write import encoder_errors
from swinsr.inference.baselines import DEFAULT_SCALE
from swinsr.inference.engine import Engine, work_of
from swinsr.inference.tiles import Choice
from swinsr.runtime.progress import Progress, Steps, part
from swinsr.storage.atomic import write_problem
from swinsr.tiling import (
    RawFile,
    Stream,
    WorkFolder,
    WorkStore,
    open_work,
    run_tiles,
    work_path,
)
from swinsr.version import __version__

Array = NDArray[Any]
_BAND_BYTES = 1 << 24
# Rows around a band in which colours are continued under what is transparent.
_BLEED_ROWS = 64
# The share of a network's work that is not reading and writing: for the progress bar.
_TILES_SHARE = 0.95


def convert_large(
    engine: Engine,
    job: Job,
    settings: Settings,
    choice: Choice,
    form: str,
    header: Header,
    progress: Progress,
) -> Record | None:
    """Do one file.

    Args:
        engine: the model.
        job: the file and where its result goes.
        settings: what is done to it.
        choice: tile and overlap, where no earlier run has settled them.
        form: the output's format, a name of `swinsr.image.formats.table.ALL`.
        header: of the input.
        progress: notified with the share of the work done.

    Returns:
        Its record; None for a file of several pictures, which are done one after the other.

    Raises:
        ImageReadError: the input is damaged.
        ImageWriteError: the place does not take the output, or another process works on it.
        NotEnoughMemoryError: not even a small tile fits.
    """
    given = open_input(job.source, header.height * header.width, settings.max_pixels)
    if not given.banded:  # what is read in bands is one picture
        frames = read_frames(job.source, max_pixels=settings.max_pixels)
        if frames.limited(form).count > 1:
            return None
        del frames
    outline = given.outline
    own = engine.scale or DEFAULT_SCALE
    size = settings.target.size(outline.height, outline.width, own)
    check_side(job.output_name, *size.final, form)
    told: list[str] = []
    try:
        with open_work(
            job.output, _key(engine, job, settings, size, form), fresh=not settings.resume
        ) as (work, changed):
            if changed:
                told.append(
                    f"the {' and the '.join(changed)} changed since an earlier run was stopped; "
                    "starting anew"
                )
            run = _Run(
                engine, job, settings, size, form, choice, given, work, progress, told.append
            )
            lost = run.run()
            work.finish()
    except OSError as error:
        raise ImageWriteError(write_problem(job.output, error)) from error
    except StoppedError as stopped:
        if work_path(job.output).exists():
            stopped.kept = str(job.output)
        raise
    return Record(
        job.source_name,
        job.output_name,
        "done",
        size=(outline.width, outline.height),
        output_size=size.final[::-1],
        frames=1,
        model=engine.name,
        precision=engine.precision,
        notes=(*engine.notes, *told, *given.notes, *lost),
    )


class _Run:
    def __init__(
        self,
        engine: Engine,
        job: Job,
        settings: Settings,
        size: Size,
        form: str,
        choice: Choice,
        given: Input,
        work: WorkFolder,
        progress: Progress,
        tell: Callable[[str], None],
    ) -> None:
        self._engine, self._job, self._settings, self._form = engine, job, settings, form
        self._choice, self._given, self._crop = choice, given, size.crop
        self._size, self._scale = (size.height, size.width), max(size.scale, 1.0)
        self._work, self._progress, self._tell = work, progress, tell
        dtype = given.outline.dtype
        if settings.bits is not None:
            dtype = np.dtype({8: np.uint8, 16: np.uint16, 32: np.float32}[settings.bits])
        self._dtype = dtype
        self._channels = given.outline.channels + given.outline.has_alpha

    def run(self) -> tuple[str, ...]:
        outline, engine = self._given.outline, self._engine
        shape = (outline.height, outline.width, self._channels)
        stages = engine.stages(self._scale)
        self._check_space(stages)
        with self._work.raw("source", shape, outline.dtype) as source:
            varies = spool(self._work, self._given, source)
            channels = Channels(
                outline.channels,
                outline.has_alpha,
                varies,
                self._scale != 1.0,
                tone_of(outline.metadata, outline.channels) if engine.tileable else None,
                *((outline.low, outline.high) if outline.dtype == np.float32 else (0.0, 1.0)),
            )
            finish = Finish(channels, source, self._size, self._dtype)
            if not stages:
                bands = self._resized(source, channels, finish)
                return self._encode(bands, self._progress)
            with self._run_stages(stages, source, channels, finish) as last:
                if last.dtype == np.float32 and not self._ends_finished(stages):
                    bands = self._resized(last, None, finish)
                else:
                    bands = self._stored(last)
                return self._encode(bands, part(self._progress, _TILES_SHARE, 1.0))

    def _ends_finished(self, stages: tuple[Engine, ...]) -> bool:
        """Whether the last pass gives the size that is wanted, so that nothing follows it."""
        factor = math.prod(stage.scale or 1 for stage in stages)
        outline = self._given.outline
        return (outline.height * factor, outline.width * factor) == self._size

    def _run_stages(
        self, stages: tuple[Engine, ...], source: RawFile, channels: Channels, finish: Finish
    ) -> RawFile:
        """Run the models one after the other; the raw file of the last pass, open."""
        settled = self._work.settle("plan", tile=self._choice.tile, overlap=self._choice.overlap)
        weights = work_of(stages)
        steps = Steps(sum(weights), part(self._progress, 0.0, _TILES_SHARE))
        earlier = sum(record["kind"] == "tile" for record in self._work.ledger.records)
        if earlier:
            self._tell(f"going on with {earlier} tiles of an earlier run")
        told = self._progress if isinstance(self._progress, TileProgress) else None
        before = source
        for number, engine in enumerate(stages):
            scale = engine.scale or 1
            height, width = before.shape[0] * scale, before.shape[1] * scale
            finished = number + 1 == len(stages) and self._ends_finished(stages)
            dtype = self._dtype if finished else np.dtype(np.float32)
            after = self._work.raw(f"pass{number}", (height, width, self._channels), dtype)
            plan = engine.plan(*before.shape[:2], settled["tile"], settled["overlap"])
            store = WorkStore(self._work, str(number), plan, after, scale)
            enlarge = engine.stream(engine.shrinking(settled["overlap"]))
            prepare = channels.prepared if number == 0 else np.asarray

            def stream(
                tiles: Iterator[Array],
                prepare: Callable[[Array], FloatArray] = prepare,
                enlarge: Stream = enlarge,
            ) -> Iterator[FloatArray]:
                return channels.stream(map(prepare, tiles), enlarge)

            if told is not None:
                told.tiles(plan.tiles, store.finished)

            def tick(share: float, weight: float = weights[number]) -> None:
                if told is not None:
                    told.tile()
                steps.advance(share * weight)

            sink = _Finishing(after, finish) if finished else after
            run_tiles(stream, before, sink, plan, scale=scale, store=store, tick=tick)
            if before is not source:
                before.close()
            before = after
        return before

    def _resized(self, raw: RawFile, channels: Channels | None, finish: Finish) -> Iterator[Array]:
        """A raw picture brought to its size; with `channels` it is the file's own samples."""
        height, width = self._size
        resize = RowResize(raw.shape[:2], self._size, kernel=self._engine.kernel)
        rows = max(_BAND_BYTES // (4 * width * self._channels), 1)

        def read(start: int, stop: int) -> FloatArray:
            if channels is None:
                return raw.rows(start, stop)
            if not channels.varies:
                return channels.prepared(raw.rows(start, stop))
            above, below = max(start - _BLEED_ROWS, 0), min(stop + _BLEED_ROWS, raw.shape[0])
            return channels.prepared(raw.rows(above, below))[start - above : stop - above]

        for top in range(0, height, rows):
            yield finish(top, resize.rows(top, min(top + rows, height), read))

    def _stored(self, raw: RawFile) -> Iterator[Array]:
        rows = max(_BAND_BYTES // raw.row_bytes, 1)
        for top in range(0, raw.shape[0], rows):
            yield raw.rows(top, min(top + rows, raw.shape[0]))

    def _encode(self, bands: Iterator[Array], progress: Progress) -> tuple[str, ...]:
        job, settings, outline = self._job, self._settings, self._given.outline
        height, width = self._crop or self._size
        metadata = outline.metadata
        if settings.strip_metadata:
            metadata = metadata.of_colour()
        result = dataclasses.replace(
            outline, height=height, width=width, dtype=self._dtype, metadata=metadata
        )
        with (
            atomic_output(job.output, overwrite=settings.overwrite) as stream,
            encoder_errors(str(job.output), self._form),
        ):
            return encode_bands(
                stream,
                result,
                self._watched(self._cropped(bands), height, progress),
                self._form,
                quality=settings.encoder_quality,
                lossless=settings.lossless,
            )

    def _cropped(self, bands: Iterator[Array]) -> Iterator[Array]:
        if self._crop is None:
            yield from bands
            return
        height, width = self._crop
        first, left = (self._size[0] - height) // 2, (self._size[1] - width) // 2
        top = 0
        for band in bands:
            kept = band[max(first - top, 0) : max(first + height - top, 0), left : left + width]
            top += len(band)
            if len(kept):
                yield kept

    def _watched(self, bands: Iterator[Array], height: int, progress: Progress) -> Iterator[Array]:
        done = 0
        for band in bands:
            yield band
            done += len(band)
            progress(min(done / height, 1.0))

    def _check_space(self, stages: tuple[Engine, ...]) -> None:
        """Refuse what the disk has no room for, before hours of work rather than after."""
        outline = self._given.outline
        pixels = outline.height * outline.width * self._channels
        needed = pixels * outline.dtype.itemsize
        for number, stage in enumerate(stages):
            pixels *= (stage.scale or 1) ** 2
            last = number + 1 == len(stages) and self._ends_finished(stages)
            needed += pixels * (self._dtype.itemsize if last else 4)
        # What is there of an earlier run is not needed twice.
        needed -= sum(file.stat().st_size for file in self._work.path.glob("*.raw"))
        free = shutil.disk_usage(self._work.path).free
        if needed > free:
            raise ImageWriteError(
                f"{self._job.output}: the work on it needs {needed / 1e6:,.0f} MB beside it and "
                f"the disk has {free / 1e6:,.0f}; free some space or choose another folder with -o"
            )


class _Finishing:
    """A sink that brings floats to the file's type."""

    def __init__(self, raw: RawFile, finish: Finish) -> None:
        self._raw, self._finish = raw, finish

    def write(self, top: int, band: FloatArray) -> None:
        self._raw.write(top, self._finish(top, band))

    def sync(self) -> None:
        self._raw.sync()


def _key(engine: Engine, job: Job, settings: Settings, size: Size, form: str) -> dict[str, str]:
    """Everything that the result depends on."""
    tiling = engine.tiling
    options = {
        "scale": max(size.scale, 1.0),
        "size": (size.height, size.width),
        "crop": size.crop,
        "bits": settings.bits,
        "format": form,
        "quality": settings.encoder_quality,
        "lossless": settings.lossless,
        "strip": settings.strip_metadata,
        **(
            {"mode": tiling.mode, "tile": tiling.tile, "overlap": tiling.shared}
            if engine.tileable
            else {}
        ),
    }
    return {
        "input": digest(job.source),
        "model": engine.identity(),
        "options": json.dumps(options, sort_keys=True),
        "program": f"swinsr {__version__} torch {torch.__version__}",
    }
