"""One raster from file to file: looked at, enlarged tile by tile, and written as a GeoTIFF."""

import contextlib
import dataclasses
import hashlib
import json
import os
import shutil
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray

from swinsr.errors import ConfigError, ImageReadError, ImageWriteError, OutputExistsError
from swinsr.files.record import Record
from swinsr.files.signals import StoppedError
from swinsr.files.sources import is_folder
from swinsr.files.watch import Progress
from swinsr.inference.engine import Engine
from swinsr.raster.packages import need_rasterio
from swinsr.raster.scene import Scene, look_at, opened
from swinsr.raster.settings import RasterSettings
from swinsr.raster.source import survey
from swinsr.raster.values import ToSamples, spans_for
from swinsr.raster.work import RasterWork, load_engine, tile_for
from swinsr.raster.write import write_raster
from swinsr.runtime.progress import Steps, part
from swinsr.storage.atomic import exists_problem, publish, write_problem
from swinsr.storage.digest import sha256_of
from swinsr.tiling import (
    RawFile,
    TileFiles,
    TileStore,
    WorkFolder,
    WorkStore,
    each,
    open_work,
    run_tiles,
    work_path,
)
from swinsr.version import __version__

FloatArray = NDArray[np.float32]
STAGE = "0"
SUFFIXES = (".tif", ".tiff")
# The share of a network's work that is not writing: for the progress bar.
_TILES_SHARE = 0.9
_AS_ASKED = RasterSettings()


class Elsewhere(Protocol):
    """Who computes the tiles, where it is not this process."""

    def files(self, folder: WorkFolder, target: Path) -> TileFiles:
        """Where they are kept."""
        ...

    def collected(
        self, work: RasterWork, engine: Engine, store: WorkStore
    ) -> AbstractContextManager[TileStore]:
        """A store that has every tile: it waits for those that are still missing."""
        ...


def raster(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    settings: RasterSettings = _AS_ASKED,
    progress: Progress | None = None,
) -> Record:
    """Enlarge one raster; the result lies on the same ground, in pixels of 1 / scale the size.

    Args:
        source: any raster that GDAL opens, by path or URL.
        output: a GeoTIFF; None for beside the source, as `scene_x4.tif`.
        settings: what is done.
        progress: notified with the share of the work done, 0 to 1.

    Returns:
        What was done: names, sizes, model, notes.

    Raises:
        SwinsrError: whatever went wrong, in one sentence; nothing was written.
    """
    return run_raster(source, output, settings, progress or (lambda share: None))


def run_raster(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str] | None,
    settings: RasterSettings,
    progress: Progress,
    elsewhere: Elsewhere | None = None,
) -> Record:
    """As `raster`; tiles are computed here, or `elsewhere`."""
    start = time.perf_counter()
    need_rasterio()
    name = os.fspath(source)
    scene = look_at(name, settings)
    engine = load_engine(settings)
    scale = settings.scale or engine.scale or 4
    target = _checked_output(name, output, scale, settings)
    spans = spans_for(survey(scene), scene.dtype, settings.range)
    tile = tile_for(engine, scale, settings)
    work = RasterWork(scene, settings, scale, spans, tile, settings.overlap, engine.window)
    told: list[str] = []
    try:
        with open_work(target, _key(work, engine), fresh=not settings.resume) as (folder, changed):
            if changed:
                told.append(
                    f"the {' and the '.join(changed)} changed since an earlier run was stopped; "
                    "starting anew"
                )
            _run(work, engine, folder, target, progress, told.append, elsewhere)
            folder.finish()
    except OSError as error:
        raise ImageWriteError(write_problem(target, error)) from error
    except StoppedError as stopped:
        if work_path(target).exists():
            stopped.kept = str(target)
        raise
    grid = scene.grid
    return Record(
        name,
        str(target),
        "done",
        size=(grid.width, grid.height),
        output_size=(grid.width * scale, grid.height * scale),
        seconds=time.perf_counter() - start,
        model=engine.name,
        precision=engine.precision,
        notes=(*engine.notes, *scene.notes, *_how(work, engine), *told),
    )


def _checked_output(
    name: str, output: str | os.PathLike[str] | None, scale: int, settings: RasterSettings
) -> Path:
    """Where the result goes; what is wrong with that shows before the work is done.

    Raises:
        SwinsrError: it cannot go there.
    """
    source = Path(name)
    if output is None:
        if not source.is_file():
            raise ConfigError(f"{name}: name the output with -o")
        output = source.with_name(f"{source.stem}_x{scale}.tif")
    target = Path(output)
    if is_folder(target):
        target = target / f"{source.stem}_x{scale}.tif"
    if target.suffix.lower() not in SUFFIXES:
        raise ConfigError(f"{target}: rasters are written as GeoTIFF; choose a name ending in .tif")
    if is_folder(target):
        raise ImageWriteError(f"{target}: a folder of that name is there; choose another name")
    if not is_folder(target.parent):
        raise ImageWriteError(f"{target}: the folder does not exist; create it first")
    if os.path.lexists(target):
        with contextlib.suppress(OSError):
            if target.samefile(source):
                raise ConfigError(f"{target}: it is the input itself; choose another name with -o")
        if not settings.overwrite:
            raise OutputExistsError(exists_problem(target))
    return Path(os.path.realpath(target)) if target.is_symlink() else target


def _run(
    work: RasterWork,
    engine: Engine,
    folder: WorkFolder,
    target: Path,
    progress: Progress,
    tell: Callable[[str], None],
    elsewhere: Elsewhere | None,
) -> None:
    scene, settings = work.scene, work.settings
    grid = scene.grid.enlarged(work.scale)
    shape = (grid.height, grid.width, len(scene.bands) + scene.has_mask)
    _check_space(folder, shape, scene, target)
    earlier = sum(record["kind"] == "tile" for record in folder.ledger.records)
    if earlier:
        tell(f"going on with {earlier} tiles of an earlier run")
    steps = Steps(1.0, part(progress, 0.0, _TILES_SHARE))
    with folder.raw("result", shape, scene.dtype) as raw:
        files = None if elsewhere is None else elsewhere.files(folder, target)
        store = WorkStore(folder, STAGE, work.plan, raw, work.scale, files)
        sink = _Finishing(raw, work)
        with ExitStack() as stack:
            tiles = stack.enter_context(work.opened(engine))
            kept: TileStore = store
            if elsewhere is not None:
                kept = stack.enter_context(elsewhere.collected(work, engine, store))
            run_tiles(
                each(tiles.function),
                tiles.source,
                sink,
                tiles.plan,
                scale=work.scale,
                store=kept,
                tick=steps.advance,
            )
        finished = write_raster(
            folder.path / "result.tif",
            raw,
            scene,
            grid,
            compress=settings.compress,
            cog=settings.cog,
            resampling="nearest" if engine.kernel == "nearest" else "average",
            target=target,
            progress=part(progress, _TILES_SHARE, 1.0),
        )
    publish(finished, target, overwrite=settings.overwrite)


class _Finishing:
    """A sink that brings bands of floats to the raster's own numbers."""

    def __init__(self, raw: RawFile, work: RasterWork) -> None:
        scene = work.scene
        self._raw, self._scene = raw, scene
        self._samples = [ToSamples(span, scene.dtype, scene.nodata) for span in work.spans]

    def write(self, top: int, band: FloatArray) -> None:
        """Rows (n, W, bands + codes + mask) from row `top` on."""
        scene, bands = self._scene, len(self._samples)
        masked = band[..., -1] == 0 if scene.has_mask else None
        out = np.empty((*band.shape[:2], self._raw.shape[2]), scene.dtype)
        for index, samples in enumerate(self._samples):
            codes = band[..., bands + index] if scene.has_codes else None
            out[..., index] = samples(band[..., index], codes, masked)
        if scene.has_mask:
            out[..., -1] = band[..., -1]
        self._raw.write(top, out)

    def sync(self) -> None:
        """Wait until it is on the disk."""
        self._raw.sync()


def _key(work: RasterWork, engine: Engine) -> dict[str, str]:
    """Everything that the result depends on."""
    asked = work.settings.to_plain()
    # How it is computed is in the model's identity; how it is kept changes no pixel.
    for name in ("device", "overwrite", "resume", "fast", "model"):
        del asked[name]
    scene = work.scene
    options = {
        **asked,
        "spans": [dataclasses.astuple(span) for span in work.spans],
        "tile": work.tile,
        "align": work.align,
        "scale": work.scale,
    }
    return {
        "input": _digest(scene),
        "model": engine.identity(),
        "options": json.dumps(options, sort_keys=True, default=str),
        "program": f"swinsr {__version__} torch {torch.__version__}",
    }


def _digest(scene: Scene) -> str:
    """Of the raster and the files that belong to it; of one that is elsewhere, what is known of it.

    Raises:
        ImageReadError: it cannot be read.
    """
    with opened(scene.name) as dataset:
        files = [Path(file) for file in dataset.files if Path(file).is_file()]
    # By another path it is the same raster.
    named = dataclasses.replace(scene, name="" if files else scene.name)
    known = json.dumps(dataclasses.asdict(named), sort_keys=True, default=str)
    try:
        return f"{sha256_of(*files)} {hashlib.sha256(known.encode()).hexdigest()}"
    except OSError as error:
        raise ImageReadError(
            f"{scene.name}: it cannot be read ({error.strerror}); check the file and the disk"
        ) from error


def _check_space(
    folder: WorkFolder, shape: tuple[int, int, int], scene: Scene, target: Path
) -> None:
    """Refuse what the disk has no room for, before hours of work rather than after.

    Raises:
        ImageWriteError: there is too little.
    """
    needed = shape[0] * shape[1] * shape[2] * scene.dtype.itemsize
    needed -= sum(file.stat().st_size for file in folder.path.glob("*.raw"))
    free = shutil.disk_usage(folder.path).free
    if needed > free:
        raise ImageWriteError(
            f"{target}: the work on it needs {needed / 1e6:,.0f} MB beside it and the disk has "
            f"{free / 1e6:,.0f}; free some space or choose another folder with -o"
        )


def _how(work: RasterWork, engine: Engine) -> list[str]:
    """What was done to the bands, for people."""
    bands = work.scene.bands
    notes = []
    if engine.tileable:
        together = [
            ", ".join(str(bands[i].number) for i in group)
            for group in work.groups
            if len(group) > 1
        ]
        alone = [str(bands[group[0]].number) for group in work.groups if len(group) == 1]
        said = [f"bands {group} together as colours" for group in together]
        if alone:
            said.append(f"{'bands' if len(alone) > 1 else 'band'} {', '.join(alone)} as gray")
        notes.append("; ".join(said))
        ranges = {f"{span.low:g} to {span.high:g}" for span in work.spans}
        said_ranges = [
            f"{span.low:g} to {span.high:g} (band {band.number})"
            for band, span in zip(bands, work.spans, strict=True)
        ]
        values = ranges.pop() if len(ranges) == 1 else ", ".join(said_ranges[:4])
        values += ", ..." if len(said_ranges) > 4 and len(ranges) else ""
        notes.append(f"the network saw {values}; values outside went around it")
    return notes
