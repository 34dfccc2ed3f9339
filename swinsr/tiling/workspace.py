"""The work folder beside an output: finished tiles and a ledger, from which a stopped run goes on.

    .out.png.swinsr/lock       held while a process works on it
                   /ledger     what the job is, and what of it is done
                   /*.raw      rows of pictures
                   /tile-*     tiles that rows of tiles to come still need
                   /segment-*  groups of a video's frames, encoded
                   /result*    the output, while a library writes it by name

The ledger is written after what it tells of is on the disk. So what it tells is there, and what
it does not tell is made again.
"""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from swinsr.errors import ImageWriteError
from swinsr.storage.atomic import flush_folder
from swinsr.storage.lock import exclusive
from swinsr.tiling.ledger import Ledger, Record
from swinsr.tiling.plan import TilePlan
from swinsr.tiling.raster import RawFile
from swinsr.tiling.tile_files import LocalTiles, Shape, TileFiles, tile_name

Array = NDArray[np.float32]
_FILES = ("*.raw", "tile-*", "segment-*", "result*", ".swinsr-*.tmp")
# Bytes of the longest name that every file system takes; some that encrypt names stop here.
_LONGEST = 143


def work_path(output: Path) -> Path:
    """The work folder of an output; a name that would grow too long is shortened to a digest."""
    name = f".{output.name}.swinsr"
    if len(os.fsencode(name)) > _LONGEST:
        name = f".{hashlib.sha256(os.fsencode(output.name)).hexdigest()[:32]}.swinsr"
    return output.with_name(name)


class WorkFolder:
    """One job's folder; see `open_work`."""

    def __init__(self, path: Path) -> None:
        """Open the ledger in a folder that is there."""
        self.path = path
        self.ledger = Ledger(path / "ledger")
        self._finished = False

    def find(self, kind: str) -> Record | None:
        """The last record of a kind."""
        return next((r for r in reversed(self.ledger.records) if r["kind"] == kind), None)

    def settle(self, kind: str, **fields: Any) -> Record:
        """The record of a kind: that of an earlier run, or else the one given, which it becomes."""
        found = self.find(kind)
        if found is None:
            self.ledger.add(kind=kind, **fields)
            found = {"kind": kind, **fields}
        return found

    def raw(self, name: str, shape: tuple[int, int, int], dtype: DTypeLike) -> RawFile:
        """A picture in the folder, with what an earlier run left in it."""
        return RawFile(self.path / f"{name}.raw", shape, dtype, keep=True)

    @property
    def started(self) -> bool:
        """Whether anything is in it that took work."""
        return any(r["kind"] in ("tile", "rows", "segment") for r in self.ledger.records)

    def finish(self) -> None:
        """The output is there: the folder goes when the block ends."""
        self._finished = True

    def leave(self) -> None:
        """Close, and remove all of it if it is finished or was never started."""
        remove = self._finished or not self.started
        self.ledger.close()
        if remove:
            clear(self.path, all_of_it=True)


@contextmanager
def open_work(
    output: Path, job: Mapping[str, str], *, fresh: bool = False
) -> Iterator[tuple[WorkFolder, tuple[str, ...]]]:
    """The work folder of an output, this process alone in it.

    What another job left there, or an earlier state of this one, is removed. What this job left
    stays. Whatever ends the block, the folder stays too if it holds work and is not finished.

    Args:
        output: the file that is going to be.
        job: digests and names that the result depends on, by what they are.
        fresh: remove what this job left, too.

    Yields:
        The folder, and what of the job has changed since the run that left it: names from `job`.

    Raises:
        ImageWriteError: another process works on this output.
        OSError: the place does not take it.
    """
    with _claimed(output) as path:
        work = WorkFolder(path)
        changed: tuple[str, ...] = ()
        before = work.find("job")
        if fresh or before is None or before["of"] != dict(job):
            if before is not None and before["of"] != dict(job):
                old: dict[str, str] = before["of"]
                changed = tuple(n for n in job if job[n] != old.get(n)) or ("program",)
            work.ledger.close()
            clear(path)
            work = WorkFolder(path)
            work.ledger.add(kind="job", of=dict(job), output=output.name)
            flush_folder(path)
        try:
            yield work, changed
        finally:
            work.leave()


@contextmanager
def _claimed(output: Path) -> Iterator[Path]:
    """The folder, made where it is missing, and locked."""
    path = work_path(output)
    with ExitStack() as stack:
        while True:
            path.mkdir(exist_ok=True)
            try:
                mine = stack.enter_context(exclusive(path / "lock"))
                break
            except FileNotFoundError:
                # Whoever was done here removed the folder between the two steps.
                if path.exists():
                    raise
        if not mine:
            raise ImageWriteError(
                f"{output}: another swinsr process is working on it; wait until that has "
                "ended, or choose another name with -o"
            )
        yield path


def clear(path: Path, *, all_of_it: bool = False) -> None:
    """Remove what is in a work folder, and with `all_of_it` the lock and the folder too.

    The ledger goes first: without it the rest counts for nothing.
    """
    for file in [path / "ledger", *(f for kind in _FILES for f in path.glob(kind))]:
        with suppress(FileNotFoundError):
            file.unlink()
    if all_of_it:
        with suppress(OSError):  # Windows keeps a file that is open; someone else's files stay
            (path / "lock").unlink()
            path.rmdir()


class WorkStore:
    """Tiles of one stage of the work in its folder."""

    def __init__(
        self,
        work: WorkFolder,
        stage: str,
        plan: TilePlan,
        result: RawFile,
        scale: int,
        files: TileFiles | None = None,
    ) -> None:
        """Find what an earlier run finished, each piece by its checksum.

        Args:
            work: the folder.
            stage: a name for the ledger.
            plan: the tiles; of an earlier run the same.
            result: where the rows go.
            scale: of enlargement, between the plan and the result.
            files: where the tiles are; the folder by default.
        """
        self._work, self._stage, self._result = work, stage, result
        self._files = LocalTiles(work.path) if files is None else files
        self._tiles: dict[int, Shape] = {}
        self.rows_done = 0
        records = [r for r in work.ledger.records if r.get("stage") == stage]
        for record in records:
            if record["kind"] == "tile" and self._is_sound(record):
                self._tiles[record["number"]] = tuple(record["shape"])
        found = {r["row"]: r for r in records if r["kind"] == "rows"}
        done = [found[row] for row in range(len(found)) if row in found]
        # The last row's tiles are still needed where a further row follows.
        columns, last = len(plan.columns), len(done) == len(plan.rows)
        self._columns = columns
        needed = () if last else range((len(done) - 1) * columns, len(done) * columns)
        if (
            done
            and all(number in self._tiles for number in needed)
            and all(result.checksum(*r["band"]) == r["check"] for r in done)
        ):
            self.rows_done = len(done)
        keep = (self.rows_done - 1) * columns
        for number in [number for number in self._tiles if number < keep]:
            self.drop(number)

    @property
    def finished(self) -> int:
        """How many tiles need not be computed again."""
        done = self.rows_done * self._columns
        return done + sum(number >= done for number in self._tiles)

    @property
    def held(self) -> tuple[int, ...]:
        """The tiles that are there."""
        return tuple(self._tiles)

    def has(self, number: int) -> bool:
        """Whether the tile is there."""
        return number in self._tiles

    def put(self, number: int, tile: Array) -> None:
        """Write a tile, (h, w, C), and then its record."""
        tile = np.ascontiguousarray(tile, np.float32)
        check = self._files.write(tile_name(self._stage, number), tile)
        self.accept(number, tile.shape, check)

    def accept(self, number: int, shape: Shape, check: int) -> None:
        """Record a tile that is written, here or by another process."""
        self._work.ledger.add(
            kind="tile", stage=self._stage, number=number, shape=list(shape), check=check
        )
        self._tiles[number] = shape

    def rows(self, number: int, start: int, stop: int) -> Array:
        """Some rows of a tile that was kept."""
        return self._files.rows(tile_name(self._stage, number), self._tiles[number], start, stop)

    def finish_row(self, row: int, band: tuple[int, int]) -> None:
        """Record that the result, which is on the disk, holds `band`."""
        self._work.ledger.add(
            kind="rows",
            stage=self._stage,
            row=row,
            band=list(band),
            check=self._result.checksum(*band),
        )
        self.rows_done = row + 1

    def drop(self, number: int) -> None:
        """Remove a tile's file; its record does not bring it back."""
        self._tiles.pop(number, None)
        self._files.remove(tile_name(self._stage, number))

    def _is_sound(self, record: Record) -> bool:
        name = tile_name(self._stage, record["number"])
        return bool(self._files.checksum(name, tuple(record["shape"])) == record["check"])
