"""One large picture, from file to file: in tiles, in bands, and so that a stopped run goes on.

The input is copied upright into the work folder; each pass of the model goes from one raw file to
the next, tile by tile; the last is brought to its size and type and encoded in bands. In memory
there is one tile, or one band, whatever the picture's height.
"""

import dataclasses
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from swinsr.degradations.bicubic_rows import RowResize
from swinsr.errors import ImageWriteError
from swinsr.image import atomic_output
from swinsr.image.atomic import write_problem
from swinsr.image.bands import Outline, encode_bands
from swinsr.image.gamut import space_of
from swinsr.image.write import encoder_errors
from swinsr.inference.engine import BASELINES, BaselineEngine, NetworkEngine
from swinsr.inference.layers import Finish, FloatArray, Layers
from swinsr.inference.passes import passes_for
from swinsr.inference.progress import Progress, Steps, part
from swinsr.inference.spool import Input, digest, open_input, spool
from swinsr.inference.tiles import Choice
from swinsr.tiling import RawFile, WorkFolder, WorkStore, open_work, run_tiles, work_path
from swinsr.version import __version__

Array = NDArray[Any]
_BAND_BYTES = 1 << 24
# Rows around a band in which colours are continued under what is transparent.
_BLEED_ROWS = 64
# The share of a network's work that is not reading and writing: for the progress bar.
_TILES_SHARE = 0.95


@dataclasses.dataclass(frozen=True)
class LargeJob:
    """What is wanted of one file.

    Attributes:
        source, output: the files.
        scale: that the model is asked for.
        size: (height, width) of the result.
        crop: (height, width) cut from its middle; None for all.
        bits: per sample of the result; None for the input's.
        format: a name of `swinsr.image.formats.ALL`.
        quality, lossless: of the encoder.
        strip: leave EXIF, XMP and resolution out.
        overwrite: replace an output that is there.
        max_pixels: of the input.
        resume: go on with what a stopped run left.
    """

    source: Path
    output: Path
    scale: float
    size: tuple[int, int]
    crop: tuple[int, int] | None = None
    bits: int | None = None
    format: str = "PNG"
    quality: int = 95
    lossless: bool = False
    strip: bool = False
    overwrite: bool = False
    max_pixels: int | None = None
    resume: bool = True


def upscale_large(
    engine: NetworkEngine | BaselineEngine,
    job: LargeJob,
    choice: Choice,
    given: Input,
    progress: Progress,
    tell: Callable[[str], None],
) -> tuple[str, ...]:
    """Do one file.

    Args:
        engine: the model.
        job: what is wanted.
        choice: tile and overlap, where no earlier run has settled them.
        given: the input, opened.
        progress: told the share of the work done.
        tell: told, while it runs, what a user should know: that it goes on, or starts anew.

    Returns:
        A sentence on each thing that was lost.

    Raises:
        ImageReadError: the input is damaged.
        ImageWriteError: the place does not take the output, or another process works on it.
        NotEnoughMemoryError: not even a small tile fits.
    """
    try:
        key = _key(engine, job)
        with open_work(job.output, key, fresh=not job.resume) as (work, changed):
            if changed:
                tell(
                    f"the {' and the '.join(changed)} changed since an earlier run was stopped; "
                    "starting anew"
                )
            lost = _Run(engine, job, choice, given, work, progress, tell).run()
            work.finish()
            return lost
    except OSError as error:
        raise ImageWriteError(write_problem(job.output, error)) from error


class _Run:
    def __init__(
        self,
        engine: NetworkEngine | BaselineEngine,
        job: LargeJob,
        choice: Choice,
        given: Input,
        work: WorkFolder,
        progress: Progress,
        tell: Callable[[str], None],
    ) -> None:
        self._engine, self._job, self._choice, self._given = engine, job, choice, given
        self._work, self._progress, self._tell = work, progress, tell
        dtype = given.outline.dtype
        if job.bits is not None:
            dtype = np.dtype({8: np.uint8, 16: np.uint16, 32: np.float32}[job.bits])
        self._dtype = dtype
        self._channels = given.outline.channels + given.outline.has_alpha

    def run(self) -> tuple[str, ...]:
        outline, job = self._given.outline, self._job
        shape = (outline.height, outline.width, self._channels)
        passes, is_network = 0, isinstance(self._engine, NetworkEngine)
        if isinstance(self._engine, NetworkEngine):
            passes = passes_for(self._engine.network.config.upscale, job.scale)
        self._check_space(passes)
        with self._work.raw("source", shape, outline.dtype) as source:
            varies = spool(self._work, self._given, source)
            layers = Layers(
                outline.channels,
                outline.has_alpha,
                varies,
                job.scale != 1.0,
                space_of(outline.metadata, outline.channels) if is_network else None,
            )
            finish = Finish(layers, source, job.size, self._dtype)
            if not isinstance(self._engine, NetworkEngine):
                bands = self._resized(source, layers, finish, BASELINES[self._engine.name])
                return self._encode(bands, self._progress)
            last = self._passes(self._engine, passes, source, layers, finish)
            with last:
                if last.dtype == np.float32 and not self._ends_finished(passes):
                    bands = self._resized(last, None, finish, "bicubic")
                else:
                    bands = self._stored(last)
                return self._encode(bands, part(self._progress, _TILES_SHARE, 1.0))

    def _ends_finished(self, passes: int) -> bool:
        """Whether the last pass gives the size that is wanted, so that nothing follows it."""
        assert isinstance(self._engine, NetworkEngine)
        factor = self._engine.network.config.upscale**passes
        outline = self._given.outline
        return (outline.height * factor, outline.width * factor) == self._job.size

    def _passes(
        self,
        engine: NetworkEngine,
        passes: int,
        source: RawFile,
        layers: Layers,
        finish: Finish,
    ) -> RawFile:
        """Run the model as often as it takes; the raw file of the last pass, open."""
        scale = engine.network.config.upscale
        settled = self._work.settle("plan", tile=self._choice.tile, overlap=self._choice.overlap)
        weights = [float(scale ** (2 * i)) for i in range(passes)]
        steps = Steps(sum(weights), part(self._progress, 0.0, _TILES_SHARE))
        earlier = sum(record["kind"] == "tile" for record in self._work.ledger.records)
        if earlier:
            self._tell(f"going on with {earlier} tiles of an earlier run")
        before = source
        for number in range(passes):
            height, width = before.shape[0] * scale, before.shape[1] * scale
            finished = number + 1 == passes and self._ends_finished(passes)
            dtype = self._dtype if finished else np.dtype(np.float32)
            after = self._work.raw(f"pass{number}", (height, width, self._channels), dtype)
            plan = engine.plan(*before.shape[:2], settled["tile"], settled["overlap"])
            store = WorkStore(self._work, str(number), plan, after, scale)
            shrinking = engine.shrinking(settled["overlap"])
            prepare = layers.prepared if number == 0 else np.asarray

            def function(
                tile: Array,
                prepare: Callable[[Array], FloatArray] = prepare,
                run: Callable[[Array], FloatArray] = shrinking,
            ) -> FloatArray:
                return layers.run(prepare(tile), run)

            def tick(share: float, weight: float = weights[number]) -> None:
                steps.advance(share * weight)

            sink = _Finishing(after, finish) if finished else after
            run_tiles(function, before, sink, plan, scale=scale, store=store, tick=tick)
            if before is not source:
                before.close()
            before = after
        return before

    def _resized(
        self, raw: RawFile, layers: Layers | None, finish: Finish, kernel: str
    ) -> Iterator[Array]:
        """A raw picture brought to the wanted size; with `layers` it is the file's own samples."""
        height, width = self._job.size
        resize = RowResize(raw.shape[:2], self._job.size, kernel=kernel)
        rows = max(_BAND_BYTES // (4 * width * self._channels), 1)

        def read(start: int, stop: int) -> FloatArray:
            if layers is None:
                return raw.rows(start, stop)
            if not layers.varies:
                return layers.prepared(raw.rows(start, stop))
            above, below = max(start - _BLEED_ROWS, 0), min(stop + _BLEED_ROWS, raw.shape[0])
            return layers.prepared(raw.rows(above, below))[start - above : stop - above]

        for top in range(0, height, rows):
            yield finish(top, resize.rows(top, min(top + rows, height), read))

    def _stored(self, raw: RawFile) -> Iterator[Array]:
        rows = max(_BAND_BYTES // raw.row_bytes, 1)
        for top in range(0, raw.shape[0], rows):
            yield raw.rows(top, min(top + rows, raw.shape[0]))

    def _encode(self, bands: Iterator[Array], progress: Progress) -> tuple[str, ...]:
        job, outline = self._job, self._given.outline
        height, width = job.crop or job.size
        metadata = outline.metadata
        if job.strip:
            metadata = dataclasses.replace(metadata, exif=None, xmp=None, dpi=None)
        result = Outline(height, width, outline.channels, outline.has_alpha, self._dtype, metadata)
        with (
            atomic_output(job.output, overwrite=job.overwrite) as stream,
            encoder_errors(str(job.output), job.format),
        ):
            return encode_bands(
                stream,
                result,
                self._watched(self._cropped(bands), height, progress),
                job.format,
                quality=job.quality,
                lossless=job.lossless,
            )

    def _cropped(self, bands: Iterator[Array]) -> Iterator[Array]:
        if self._job.crop is None:
            yield from bands
            return
        height, width = self._job.crop
        first, left = (self._job.size[0] - height) // 2, (self._job.size[1] - width) // 2
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

    def _check_space(self, passes: int) -> None:
        """Refuse what the disk has no room for, before hours of work rather than after."""
        outline, job = self._given.outline, self._job
        pixels = outline.height * outline.width * self._channels
        needed = pixels * outline.dtype.itemsize
        if isinstance(self._engine, NetworkEngine):
            squared = self._engine.network.config.upscale**2
            for number in range(passes):
                pixels *= squared
                last = number + 1 == passes and self._ends_finished(passes)
                needed += pixels * (self._dtype.itemsize if last else 4)
        # What is there of an earlier run is not needed twice.
        needed -= sum(file.stat().st_size for file in self._work.path.glob("*.raw"))
        free = shutil.disk_usage(self._work.path).free
        if needed > free:
            raise ImageWriteError(
                f"{job.output}: the work on it needs {needed / 1e6:,.0f} MB beside it and the disk "
                f"has {free / 1e6:,.0f}; free some space or choose another folder with -o"
            )


class _Finishing:
    """A sink that brings floats to the file's type."""

    def __init__(self, raw: RawFile, finish: Finish) -> None:
        self._raw, self._finish = raw, finish

    def write(self, top: int, band: FloatArray) -> None:
        self._raw.write(top, self._finish(top, band))

    def sync(self) -> None:
        self._raw.sync()


def _key(engine: NetworkEngine | BaselineEngine, job: LargeJob) -> dict[str, str]:
    """Everything that the result depends on."""
    options = dataclasses.asdict(job)
    for name in ("source", "output", "overwrite", "max_pixels", "resume"):
        del options[name]
    model, runs = engine.name, ""
    if isinstance(engine, NetworkEngine):
        model = _weights_digest(engine)
        tiling = engine.tiling
        options.update(mode=tiling.mode, tile=tiling.tile, overlap=tiling.shared)
        runs = f" {engine.device.type} {engine.network.dtype} {engine.network.native}"
    return {
        "input": digest(job.source),
        "model": model,
        "options": json.dumps(options, sort_keys=True),
        "program": f"swinsr {__version__} torch {torch.__version__}{runs}",
    }


def _weights_digest(engine: NetworkEngine) -> str:
    total = hashlib.sha256(json.dumps(engine.network.config.to_dict(), sort_keys=True).encode())
    for name, tensor in sorted(engine.network.network.state_dict().items()):
        total.update(name.encode())
        total.update(tensor.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return total.hexdigest()


__all__ = ["LargeJob", "open_input", "upscale_large", "work_path"]
