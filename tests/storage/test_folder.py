"""Temporary folders: gone at the end, and after a kill once the next program makes one."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from swinsr.storage.folder import TemporaryFolder

PREFIX = "swinsr-test-"
PROGRAM = f"""
import time
from swinsr.storage.folder import TemporaryFolder
folder = TemporaryFolder({PREFIX!r})
(folder.path / "file").write_text("x")
print(folder.path, flush=True)
time.sleep(60)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def age(path: Path) -> None:
    earlier = time.time() - 3600
    os.utime(path, (earlier, earlier))


def test_it_is_private_and_gone_at_the_end(place: Path) -> None:
    folder = TemporaryFolder(PREFIX)
    (folder.path / "file").write_text("x")
    assert folder.path.parent == place.resolve()
    assert os.name != "posix" or folder.path.stat().st_mode & 0o077 == 0
    folder.remove()
    folder.remove()
    assert not list(place.iterdir())


@pytest.mark.skipif(os.name != "posix", reason="only POSIX has locks on folders and SIGKILL")
def test_the_next_one_removes_what_a_killed_program_left_and_nothing_else(place: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", PROGRAM], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    left = Path(process.stdout.readline().strip())
    age(left)
    other = place / f"{PREFIX}of-my-own"
    other.mkdir()
    age(other)
    outside = place / "outside"
    outside.mkdir()
    (place / f"{PREFIX}link0000").symlink_to(outside)
    os.utime(place / f"{PREFIX}link0000", (0, 0), follow_symlinks=False)
    TemporaryFolder(PREFIX).remove()
    assert (left / "file").exists()  # its program lives
    process.send_signal(signal.SIGKILL)
    process.wait()
    young = place / f"{PREFIX}young000"
    young.mkdir()
    TemporaryFolder(PREFIX).remove()
    assert not left.exists()
    assert young.exists()
    assert other.exists()
    assert outside.exists()
