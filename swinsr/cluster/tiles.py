"""Rasters on Ray: a row is a tile's number, a worker reads its window and leaves its tile."""

import contextlib
import dataclasses
import functools
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from swinsr.cluster.journal import MOST_ATTEMPTS, Attempt, start_journal
from swinsr.cluster.places import SharedFolder, TilePlace, TileUrl
from swinsr.cluster.pool import answers, pin_threads, share_for
from swinsr.cluster.session import session
from swinsr.cluster.settings import ClusterSettings
from swinsr.errors import DeviceError, ImageError, ModelNotFoundError, SwinsrError
from swinsr.files.record import Record, sentence
from swinsr.files.watch import Progress
from swinsr.inference.engine import Engine
from swinsr.raster.run import STAGE, run_raster
from swinsr.raster.settings import RasterSettings
from swinsr.raster.work import RasterWork, load_engine
from swinsr.tiling import WorkFolder, WorkStore, tile_name

Array = NDArray[np.float32]
# Told how many tiles are done, and of how many.
Count = Callable[[int, int], None]
_AS_ASKED = RasterSettings()
_HERE = ClusterSettings()


def raster(
    source: str | os.PathLike[str],
    output: str | os.PathLike[str] | None = None,
    settings: RasterSettings = _AS_ASKED,
    cluster: ClusterSettings = _HERE,
    progress: Progress | None = None,
    count: Count | None = None,
) -> Record:
    """Enlarge one raster on Ray: the bytes that `swinsr.raster.raster` writes.

    Tiles are computed by the workers, and recorded, blended and written here. A run that was
    stopped goes on, on a cluster or without one.

    Args:
        source: any raster that GDAL opens, under a name that every worker can open.
        output: a GeoTIFF, in a folder that every worker sees, unless `cluster.tiles` is given.
        settings: what is done.
        cluster: where, and by how many.
        progress: notified with the share of the work done.
        count: notified with the tiles done, and all there are.

    Returns:
        What was done.

    Raises:
        SwinsrError: whatever went wrong, in one sentence; nothing was written.
    """
    name = os.fspath(source)
    everywhere = str(Path(name).absolute()) if Path(name).exists() else name
    model = settings.model
    if model is not None and Path(model).exists():
        settings = dataclasses.replace(settings, model=str(Path(model).absolute()))

    record = run_raster(
        everywhere, output, settings, progress or (lambda share: None), _OnRay(cluster, count)
    )
    return dataclasses.replace(record, input=name)


class _OnRay:
    """Tiles by workers, for `swinsr.raster.run`."""

    def __init__(self, cluster: ClusterSettings, count: Count | None) -> None:
        self._cluster, self._count = cluster, count
        self._place: TilePlace = SharedFolder(Path())

    def files(self, folder: WorkFolder, target: Path) -> TilePlace:
        """Where the workers leave them."""
        url = self._cluster.tiles
        if url is None:
            self._place = SharedFolder(folder.path.absolute())
        else:
            self._place = TileUrl(f"{url.rstrip('/')}/{target.name}.swinsr")
        return self._place

    @contextmanager
    def collected(
        self, work: RasterWork, engine: Engine, store: WorkStore
    ) -> Iterator["Collected"]:
        """The store; the workers live as long as the block."""
        first = store.rows_done * len(work.plan.columns)
        missing = [n for n in range(first, work.plan.tiles) if not store.has(n)]
        with contextlib.ExitStack() as stack:
            coming: Iterator[dict[str, Any]] = iter(())
            if missing:
                ray = stack.enter_context(session(self._cluster))
                share = share_for(ray, self._cluster, len(missing))
                journal = start_journal(ray)
                begin = functools.partial(_begin, work, self._place, weights_of(engine), journal)
                rows = [{"number": number} for number in missing]
                coming = stack.enter_context(answers(ray, rows, begin, share))
            yield Collected(store, coming, work.plan.tiles, len(missing), self._count)
        for number in store.held:  # of the last row, which nothing follows
            store.drop(number)


def weights_of(engine: Engine) -> str:
    """What of an engine's identity is the model's, and not the machine's."""
    return engine.identity().rsplit(" ", 3)[0]


def _begin(
    work: RasterWork, place: TilePlace, weights: str, journal: Any
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """On a worker: load the model, open the raster, and give what does a tile."""
    import ray

    pin_threads()
    place.check_reached()
    engine = load_engine(work.settings)
    if weights_of(engine) != weights:
        raise ModelNotFoundError(
            f"{engine.name} is another model here than where the run was started; put the same "
            "weights on every machine"
        )
    stack = contextlib.ExitStack()
    tiles = stack.enter_context(work.opened(engine))

    def answer(row: dict[str, Any]) -> dict[str, Any]:
        assert stack is not None  # which keeps the raster open as long as the worker lives
        number = row["number"]
        begun: Attempt = ray.get(journal.begin.remote(number, False))
        if begun.number > MOST_ATTEMPTS:
            died = f"{work.scene.name}: workers died of the same tile {MOST_ATTEMPTS} times, most "
            return {
                "error": died + "often for want of memory; use fewer --workers or a smaller --tile"
            }
        try:
            tile = np.ascontiguousarray(tiles.compute(number), np.float32)
            check = place.write(tile_name(STAGE, number), tile)
        except SwinsrError as error:
            return {"error": sentence(error)}
        return {"number": number, "shape": list(tile.shape), "check": check}

    return answer


class Collected:
    """A store of tiles that waits for what the workers have not yet answered."""

    def __init__(
        self,
        store: WorkStore,
        coming: Iterator[dict[str, Any]],
        tiles: int,
        missing: int,
        count: Count | None,
    ) -> None:
        """Around the store that records tiles; of all `tiles`, `missing` are still coming."""
        self._store, self._coming = store, coming
        self._tiles, self._missing = tiles, missing
        self._count = count or (lambda done, of: None)
        self._count(tiles - missing, tiles)

    @property
    def rows_done(self) -> int:
        """Rows of tiles that are in the result."""
        return self._store.rows_done

    def has(self, number: int) -> bool:
        """Wait until the tile is there.

        Raises:
            ImageError: it could not be computed, or kept.
            DeviceError: a worker cannot begin.
        """
        while not self._store.has(number):
            answer = next(self._coming, None)
            if answer is None:
                raise DeviceError("the cluster ended before all tiles were done")
            if "error" in answer:
                raise ImageError(answer["error"])
            shape = answer["shape"]
            self._store.accept(answer["number"], (shape[0], shape[1], shape[2]), answer["check"])
            self._missing -= 1
            self._count(self._tiles - self._missing, self._tiles)
        return True

    def put(self, number: int, tile: Array) -> None:
        """Keep a tile that was computed here."""
        self._store.put(number, tile)

    def rows(self, number: int, start: int, stop: int) -> Array:
        """Some rows of a tile."""
        return self._store.rows(number, start, stop)

    def finish_row(self, row: int, band: tuple[int, int]) -> None:
        """What the result holds of `band` is final."""
        self._store.finish_row(row, band)

    def drop(self, number: int) -> None:
        """Forget a tile."""
        self._store.drop(number)
