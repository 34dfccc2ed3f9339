"""The work folder: what was finished is used, what is damaged is not, and one process at a time."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from swinsr.errors import ImageWriteError
from swinsr.tiling import (
    ArraySource,
    RawFile,
    WorkFolder,
    WorkStore,
    each,
    open_work,
    plan_tiles,
    run_tiles,
    work_path,
)
from swinsr.tiling.ledger import Ledger

SHAPE = (120, 70, 3)
PLAN = plan_tiles(60, 35, tile=24, overlap=8)
JOB = {"input": "a", "model": "b"}


class Stopped(BaseException):
    pass


def source() -> Any:
    return np.random.default_rng(1).random((60, 35, 3), np.float32)


def run(work: WorkFolder, calls: int | None = None) -> tuple[bytes, int]:
    """Run, or stop after some tiles; gives the result and how many tiles were computed."""
    done = 0

    def function(tile: Any) -> Any:
        nonlocal done
        if calls is not None and done == calls:
            raise Stopped
        done += 1
        return np.repeat(np.repeat(tile + np.float32(tile.mean()), 2, 0), 2, 1)

    with work.raw("result", SHAPE, np.float32) as result:
        store = WorkStore(work, "0", PLAN, result, 2)
        run_tiles(each(function), ArraySource(source()), result, PLAN, scale=2, store=store)
        return result.rows(0, 120).tobytes(), done


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    with open_work(tmp_path_factory.mktemp("whole") / "out.png", JOB) as (work, _):
        return run(work)[0]


@pytest.mark.parametrize("calls", range(PLAN.tiles))
def test_stopped_run_goes_on_and_ends_the_same(calls: int, whole: bytes, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    with pytest.raises(Stopped), open_work(output, JOB) as (work, _):
        run(work, calls)
    assert work_path(output).exists() == (calls > 0)
    with open_work(output, JOB) as (work, changed):
        result, done = run(work)
        work.finish()
    assert result == whole
    assert not changed
    assert done == PLAN.tiles - calls
    assert list(tmp_path.iterdir()) == []


def test_other_job_starts_anew_and_is_told_why(whole: bytes, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    with pytest.raises(Stopped), open_work(output, JOB) as (work, _):
        run(work, 4)
    with open_work(output, {**JOB, "model": "c"}) as (work, changed):
        assert changed == ("model",)
        assert run(work) == (whole, PLAN.tiles)


@pytest.mark.parametrize("pattern", ["result.raw", "tile-*"])
@pytest.mark.parametrize("harm", ["flip", "cut", "remove"])
def test_damaged_work_is_done_again(pattern: str, harm: str, whole: bytes, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    with pytest.raises(Stopped), open_work(output, JOB) as (work, _):
        run(work, 2 * len(PLAN.columns) + 1)
    for file in sorted(work_path(output).glob(pattern))[:1]:
        data = bytearray(file.read_bytes())
        if harm == "flip":
            data[5] ^= 1
            file.write_bytes(data)
        elif harm == "cut":
            file.write_bytes(data[: len(data) // 3])
        else:
            file.unlink()
    with open_work(output, JOB) as (work, _):
        result, done = run(work)
    assert result == whole
    assert done > PLAN.tiles - 2 * len(PLAN.columns) - 1


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_ledger_cut_short_counts_up_to_the_cut(cut: int, whole: bytes, tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    with pytest.raises(Stopped), open_work(output, JOB) as (work, _):
        run(work, 5)
    ledger = work_path(output) / "ledger"
    ledger.write_bytes(ledger.read_bytes()[:-cut])
    with open_work(output, JOB) as (work, _):
        assert run(work)[0] == whole


def test_ledger_ends_at_a_damaged_line(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    for number in range(3):
        ledger.add(kind="x", number=number)
    ledger.close()
    lines = (tmp_path / "ledger").read_bytes().splitlines(keepends=True)
    (tmp_path / "ledger").write_bytes(lines[0] + lines[1].replace(b"1}", b"7}") + lines[2])
    again = Ledger(tmp_path / "ledger")
    assert [record["number"] for record in again.records] == [0]
    again.add(kind="x", number=9)
    again.close()
    assert [r["number"] for r in Ledger(tmp_path / "ledger").records] == [0, 9]


def test_second_process_is_refused_with_a_sentence(tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    with (
        open_work(output, JOB),
        pytest.raises(ImageWriteError, match="another swinsr process"),
        open_work(output, JOB),
    ):
        pass
    with open_work(output, JOB):
        pass


def test_files_of_others_in_the_folder_stay(tmp_path: Path) -> None:
    output = tmp_path / "out.png"
    work_path(output).mkdir()
    (work_path(output) / "mine.txt").write_text("x")
    with open_work(output, JOB) as (work, _):
        run(work)
        work.finish()
    assert [file.name for file in work_path(output).iterdir()] == ["mine.txt"]


def test_raw_file_gives_rectangles_and_tells_when_it_ends_early(tmp_path: Path) -> None:
    array = np.arange(10 * 7 * 2, dtype=np.uint16).reshape(10, 7, 2)
    with RawFile(tmp_path / "raw", (10, 7, 2), np.uint16) as file:
        file.write(3, array[3:])
        file.write(0, array[:3])
        assert np.array_equal(file.read(slice(2, 9), slice(1, 5)), array[2:9, 1:5])
        assert np.array_equal(file.rows(0, 10), array)
        with pytest.raises(OSError, match="ends early"):
            file.rows(9, 11)
