"""One holder at a time, whatever happens to the file and to the holder."""

import multiprocessing
import os
import shutil
import signal
import time
from multiprocessing.connection import Connection
from pathlib import Path

from swinsr.storage.lock import exclusive


def hold(path: Path, pipe: Connection) -> None:
    with exclusive(path) as mine:
        pipe.send(mine)
        pipe.recv()


def holder(path: Path) -> tuple[multiprocessing.Process, Connection]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold, args=(path, theirs), daemon=True)
    process.start()
    assert ours.poll(60) and ours.recv() is True
    return process, ours


def test_another_process_waits_for_nobody_and_gets_the_lock_of_one_that_was_killed(
    tmp_path: Path,
) -> None:
    process, _ = holder(tmp_path / "lock")
    with exclusive(tmp_path / "lock") as mine:
        assert not mine
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join(60)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with exclusive(tmp_path / "lock") as mine:
            if mine:
                return
    raise AssertionError("the lock outlived its holder")


def test_the_holder_may_remove_the_file_and_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    with exclusive(folder / "lock") as mine:
        assert mine
        shutil.rmtree(folder)
    assert not folder.exists()
    folder.mkdir()
    with exclusive(folder / "lock") as mine:
        assert mine


def test_the_same_process_does_not_hold_it_twice(tmp_path: Path) -> None:
    with exclusive(tmp_path / "lock") as first, exclusive(tmp_path / "lock") as second:
        assert first and not second
