"""A watched folder: each picture once, whole, with the bytes of `swinsr upscale`."""

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PilImage

from swinsr import Settings, upscale_file
from swinsr.errors import ConfigError, ImageReadError, ImageWriteError
from swinsr.watch import WatchSettings
from swinsr.watch.arrivals import Arrivals
from swinsr.watch.book import Book

pytest.importorskip("watchfiles", reason="watchfiles is not installed")
from swinsr.watch import run as run_module
from swinsr.watch.run import watch_folder

BICUBIC = Settings(model="bicubic", scale=2)
QUICK = WatchSettings(settle=0.1)
ONCE = WatchSettings(settle=0.1, once=True)


def picture(path: Path, seed: int = 0) -> Path:
    pixels = np.random.default_rng(seed).integers(0, 256, (20, 30, 3), np.uint8)
    path.parent.mkdir(parents=True, exist_ok=True)
    PilImage.fromarray(pixels).save(path)
    return path


def names(folder: Path) -> list[str]:
    found = (path for path in folder.rglob("*") if path.is_file())
    return sorted(str(p.relative_to(folder)) for p in found if ".swinsr-watch" not in p.parts)


@contextmanager
def watching(source: Path, output: Path, asked: WatchSettings = QUICK) -> Iterator[list[Any]]:
    """Watch in a thread while the block runs; yields the records so far."""
    stop, records = threading.Event(), []

    def run() -> None:
        records.extend(iter_into(records, watch_folder(source, output, BICUBIC, asked, stop=stop)))

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield records
    finally:
        stop.set()
        thread.join(30)
    assert not thread.is_alive()


def iter_into(records: list[Any], found: Iterator[Any]) -> list[Any]:
    for record in found:
        records.append(record)
    return []


def until(true: Any, seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come to that"
        time.sleep(0.02)


def test_pictures_that_arrive_have_the_bytes_of_upscale(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    picture(source / "first.png")
    with watching(source, output) as records:
        until(lambda: len(records) == 1)  # what was there before
        picture(tmp_path / "second.jpg", 1).rename(source / "second.jpg")
        until(lambda: len(records) == 2)
    upscale_file(source / "second.jpg", tmp_path / "still.png", BICUBIC)
    assert names(output) == ["first_x2.png", "second_x2.png"]
    assert (output / "second_x2.png").read_bytes() == (tmp_path / "still.png").read_bytes()
    assert [record.status for record in records] == ["done", "done"]
    assert names(source) == ["first.png", "second.jpg"]


def test_a_file_is_taken_when_it_is_whole(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    data = picture(tmp_path / "whole.png").read_bytes()
    with watching(source, output, WatchSettings(settle=0.6)) as records:
        with (source / "slow.png").open("wb") as file:
            for i in range(0, len(data), len(data) // 6):
                file.write(data[i : i + len(data) // 6])
                file.flush()
                time.sleep(0.2)
                assert not records
        until(lambda: len(records) == 1)
        assert records[0].status == "done"
        # Neither is what has the name of no picture, or hides.
        (source / "note.txt").write_text("x")
        (source / "cat.png.part").write_bytes(data)
        (source / ".hidden.png").write_bytes(data)
        time.sleep(1)
    assert names(output) == ["slow_x2.png"]


def test_restarts_do_nothing_twice(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    for number in range(3):
        picture(source / f"{number}.png", number)
    assert len(list(watch_folder(source, output, BICUBIC, ONCE))) == 3
    before = {path: path.stat().st_mtime_ns for path in output.glob("*.png")}
    assert list(watch_folder(source, output, BICUBIC, ONCE)) == []
    assert {path: path.stat().st_mtime_ns for path in output.glob("*.png")} == before
    # One that changes is done again, over its own result.
    picture(source / "1.png", 9)
    (record,) = watch_folder(source, output, BICUBIC, ONCE)
    assert record.input.endswith("1.png")
    assert len(names(output)) == 3
    upscale_file(source / "1.png", tmp_path / "still.png", BICUBIC)
    assert (output / "1_x2.png").read_bytes() == (tmp_path / "still.png").read_bytes()


@pytest.mark.parametrize("written", [False, True])
def test_a_kill_before_the_record_does_nothing_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: bool
) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    picture(source / "a.png")
    whole, calls = run_module.convert, []

    class Killed(BaseException):
        pass

    def dies(*arguments: Any) -> Any:
        calls.append(1)
        if written:
            whole(*arguments)
        raise Killed

    monkeypatch.setattr(run_module, "convert", dies)
    with pytest.raises(Killed):
        list(watch_folder(source, output, BICUBIC, ONCE))
    monkeypatch.setattr(run_module, "convert", whole)
    # The result is there whole though nothing says so: it is not made again.
    records = list(watch_folder(source, output, BICUBIC, ONCE))
    assert len(records) == (0 if written else 1)
    assert names(output) == ["a_x2.png"]
    assert list(watch_folder(source, output, BICUBIC, ONCE)) == []


def test_a_bad_file_is_set_aside_with_its_sentence(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    good = picture(source / "good.png").read_bytes()
    (source / "cut.png").write_bytes(good[:300])
    (source / "none.jpg").write_bytes(b"no picture")
    records = list(watch_folder(source, output, BICUBIC, ONCE))
    assert sorted(record.status for record in records) == ["done", "failed", "failed"]
    assert names(source) == [
        "failed/cut.png", "failed/cut.png.txt", "failed/none.jpg", "failed/none.jpg.txt",
        "good.png",
    ]  # fmt: skip
    told = (source / "failed/cut.png.txt").read_text()
    assert told.startswith(f"{source / 'cut.png'}: ") and told.count("\n") == 1
    assert names(output) == ["good_x2.png"]
    # A second one of that name does not replace the first.
    (source / "cut.png").write_bytes(good[:200])
    asked = WatchSettings(settle=0.1, once=True, recursive=True)
    assert len(list(watch_folder(source, output, BICUBIC, asked))) == 1
    assert "failed/cut_2.png" in names(source)


def test_finished_inputs_are_moved_and_names_stay_apart(tmp_path: Path) -> None:
    source, output, done = tmp_path / "in", tmp_path / "out", tmp_path / "done"
    asked = WatchSettings(settle=0.1, once=True, move_to=done, recursive=True)
    picture(source / "a.png", 1)
    picture(source / "a.jpg", 2)
    picture(source / "box/a.png", 3)
    assert len(list(watch_folder(source, output, BICUBIC, asked))) == 3
    assert names(source) == []
    assert names(done) == ["a.jpg", "a.png", "box/a.png"]
    assert sorted(names(output)) == ["a_png_x2.png", "a_x2.png", "box/a_x2.png"] or sorted(
        names(output)
    ) == ["a_jpg_x2.png", "a_x2.png", "box/a_x2.png"]
    picture(source / "a.png", 4)  # another picture of the same name
    assert len(list(watch_folder(source, output, BICUBIC, asked))) == 1
    assert len(names(output)) == 4 and len(names(done)) == 4


def test_a_kill_between_the_steps_of_a_move_to_another_disk_leaves_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output, done = tmp_path / "in", tmp_path / "out", tmp_path / "done"
    asked = WatchSettings(settle=0.1, once=True, move_to=done)
    given = picture(source / "a.png", 1).read_bytes()
    monkeypatch.setattr(run_module, "_is_apart", lambda path, target: True)

    class Killed(BaseException):
        pass

    def dies(*arguments: Any) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(run_module.shutil, "copystat", dies)
        with pytest.raises(Killed):
            list(watch_folder(source, output, BICUBIC, asked))
    assert names(source) == names(done) == ["a.png"]
    made = (output / "a_x2.png").stat().st_mtime_ns
    assert list(watch_folder(source, output, BICUBIC, asked)) == []
    assert (names(source), names(done), names(output)) == ([], ["a.png"], ["a_x2.png"])
    assert (done / "a.png").read_bytes() == given
    assert (output / "a_x2.png").stat().st_mtime_ns == made


def test_a_move_to_another_place_where_the_same_disk_is_mounted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output, done = tmp_path / "in", tmp_path / "out", tmp_path / "done"
    asked = WatchSettings(settle=0.1, once=True, move_to=done)
    given = picture(source / "a.png", 1).read_bytes()
    rename = Path.rename

    def refuses(path: Path, target: Path) -> Path:
        if done in Path(target).parents:
            raise OSError(errno.EXDEV, "Invalid cross-device link")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refuses)
    assert [record.status for record in watch_folder(source, output, BICUBIC, asked)] == ["done"]
    assert names(source) == [] and (done / "a.png").read_bytes() == given


def test_what_is_not_the_pictures_fault_is_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    picture(source / "a.png")
    whole, calls = run_module.convert, []

    def full(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise ImageWriteError("a.png: the disk is full; free some space")
        return whole(*arguments)

    monkeypatch.setattr(run_module, "convert", full)
    monkeypatch.setattr(run_module, "_AGAIN_SECONDS", 0.3)
    with watching(source, output) as records:
        until(lambda: len(records) == 2)
    assert [record.status for record in records] == ["failed", "done"]
    assert "tried again" in records[0].error
    assert names(source) == ["a.png"]


def test_two_watchers_into_one_folder_are_refused(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    picture(source / "a.png")
    with (
        watching(source, output) as records,
        pytest.raises(ImageWriteError, match="another swinsr process"),
    ):
        until(lambda: len(records) == 1)
        list(watch_folder(source, output, BICUBIC, ONCE))


def test_folders_that_cannot_be_watched_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match="no such folder"):
        list(watch_folder(tmp_path / "none", tmp_path / "out", BICUBIC, ONCE))
    with pytest.raises(ConfigError, match="another folder"):
        list(watch_folder(tmp_path, tmp_path, BICUBIC, ONCE))


def test_files_of_long_ago_are_whole_at_once_and_new_ones_are_not(tmp_path: Path) -> None:
    now = [100.0]
    arrivals = Arrivals(tmp_path, recursive=False, settle=5, without=[], clock=lambda: now[0])
    old, new = picture(tmp_path / "old.png"), picture(tmp_path / "new.png")
    empty = tmp_path / "empty.png"
    empty.write_bytes(b"")
    os.utime(old, (1e9, 1e9))
    arrivals.scan()
    assert [path for path, _ in arrivals.whole()] == [old]
    now[0] += 6
    assert [path for path, _ in arrivals.whole()] == [new]
    assert arrivals.waiting  # the empty one, which a program may be about to write
    now[0] += 200
    assert [path for path, _ in arrivals.whole()] == [empty]


def test_the_ledger_forgets_inputs_that_are_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("swinsr.watch.book._LONG", 4)
    source, output, done = tmp_path / "in", tmp_path / "out", tmp_path / "done"
    asked = WatchSettings(settle=0.1, once=True, move_to=done)
    for number in range(6):
        picture(source / f"{number}.png", number)
    list(watch_folder(source, output, BICUBIC, asked))
    ledger = output / ".swinsr-watch" / "ledger"
    before = ledger.stat().st_size
    assert list(watch_folder(source, output, BICUBIC, asked)) == []
    assert ledger.stat().st_size < before
    book = Book(output / ".swinsr-watch", output)
    assert book.find(source / "0.png") is None
    book.close()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_the_command_goes_on_after_a_kill(tmp_path: Path) -> None:
    source, output = tmp_path / "in", tmp_path / "out"
    for number in range(12):
        picture(source / f"{number:02}.png", number)
    command = [
        *(sys.executable, "-m", "swinsr", "watch", str(source), "-o", str(output)),
        *("-m", "bicubic", "-s", "2", "--settle", "0.1", "--json"),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = [process.stdout.readline() for _ in range(3)]
    process.kill()
    told += process.stdout.read().splitlines()
    process.wait()
    times = {path.name: path.stat().st_mtime_ns for path in output.glob("*.png")}
    again = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert again.stdout is not None
    until(lambda: len(names(output)) == 12, 60)
    time.sleep(0.5)
    again.send_signal(signal.SIGTERM)
    assert again.wait(30) == 128 + signal.SIGTERM
    assert all((output / name).stat().st_mtime_ns == t for name, t in times.items())
    assert len(again.stdout.read().splitlines()) + len(times) == 12


def test_the_command_ends_with_1_where_a_picture_could_not_be_done(tmp_path: Path) -> None:
    source = tmp_path / "in"
    picture(source / "good.png", 1)
    words = ("watch", source, "-o", tmp_path / "out", "-m", "bicubic", "-s", 2)
    once = [sys.executable, "-m", "swinsr", *map(str, words), "--settle", "0.1", "--once"]
    assert subprocess.run(once, check=False, capture_output=True).returncode == 0
    (source / "bad.png").write_bytes(b"no picture")
    run = subprocess.run(once, check=False, capture_output=True, text=True)
    assert run.returncode == 1
    assert "bad.png" in run.stderr + run.stdout
    assert names(tmp_path / "out") == ["good_x2.png"]
