"""The command where it is stopped, starved, or has nowhere to write: one sentence, nothing lost."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

if sys.platform != "linux":
    pytest.skip("needs Linux: /dev/full and a limit on memory that holds", allow_module_level=True)

import pty
import resource

COMMAND = [sys.executable, "-m", "swinsr"]
# Started once torch is loaded and the picture is at work; the phases before it are shorter than
# the time it takes to look, so they are told by a fixed wait.
SLOW = ["upscale", "in.png", "-s", "8", "--device", "cpu"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    noise = np.random.default_rng(0).integers(0, 256, (400, 400, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "in.png")
    return tmp_path


@pytest.mark.parametrize(
    ("number", "wait"), [(signal.SIGINT, 0.3), (signal.SIGINT, 4.0), (signal.SIGTERM, 4.0)]
)
def test_stops_in_one_sentence_and_leaves_nothing(
    folder: Path, number: signal.Signals, wait: float
) -> None:
    before = (folder / "in.png").read_bytes()
    process = subprocess.Popen(
        [*COMMAND, *SLOW],
        cwd=folder,
        stderr=subprocess.PIPE,
        text=True,
        # Shells start background jobs with SIGINT ignored, and that would be inherited.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    time.sleep(wait)
    process.send_signal(number)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + number
    # Where it came that far, what the picture was going to be stands before.
    *expected, last = told.splitlines()
    assert last == "swinsr: stopped; nothing half-written was left behind"
    assert all("400x400 to 3200x3200" in line for line in expected) and len(expected) <= 1
    assert [path.name for path in folder.iterdir()] == ["in.png"]
    assert (folder / "in.png").read_bytes() == before


def test_too_little_memory_is_one_sentence(folder: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    # Pages are done whole, one after the other.
    page = Image.open(folder / "in.png").convert("RGB")
    page.save(folder / "in.tif", save_all=True, append_images=[page])
    (folder / "in.png").unlink()
    done = subprocess.run(
        [*COMMAND, "upscale", "in.tif", "-s", "64", "-m", "bicubic"],
        cwd=folder,
        capture_output=True,
        text=True,
        preexec_fn=limit,
        check=False,
        timeout=120,
    )
    assert done.returncode == 1
    assert re.fullmatch(
        r"swinsr: in\.tif: there is not enough memory to enlarge 400x400 to .*\n", done.stderr
    )
    assert [path.name for path in folder.iterdir()] == ["in.tif"]


def test_full_standard_output_and_odd_names(folder: Path) -> None:
    (folder / "in.png").rename(folder / "a\nb\x1b[31m.png")
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*COMMAND, "upscale", ".", "no\nfile.png", "", "-m", "bicubic"],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
        assert done.returncode == 2
        assert "name is empty" in done.stderr
        done = subprocess.run(
            [*COMMAND, "upscale", "no\nfile.png", ".", "-m", "bicubic", "-s", "1"],
            cwd=folder,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 1
    missing, output = done.stderr.splitlines()
    assert missing.startswith("swinsr: no\\nfile.png: there is no such file")
    assert output.startswith("swinsr: standard output cannot be written to")


def test_nothing_of_the_bar_stays_on_a_terminal(folder: Path) -> None:
    master, slave = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "upscale", "in.png", "gone.png", "-s", "2", "-o", "out"],
        cwd=folder,
        stdout=slave,
        stderr=slave,
        env=os.environ | {"TERM": "xterm", "COLUMNS": "100"},
    )
    os.close(slave)
    seen = b""
    try:
        while piece := os.read(master, 4096):
            seen += piece
    except OSError:  # Linux: the other end is closed
        pass
    os.close(master)
    assert process.wait(60) == 1
    assert "1/2 in.png" in seen.decode()
    assert re.search(r"\d:\d\d:\d\d", seen.decode())  # the time left
    lines = [line for line in _screen(seen.decode()) if line]
    assert len(lines) == 3
    assert lines[0].startswith("in.png -> out/in_x2.png  400x400 -> 800x800")
    assert lines[1].startswith("swinsr: gone.png: there is no such file")
    assert lines[2].startswith("swinsr: 1 of 2")


def _screen(written: str) -> list[str]:
    """What a terminal shows in the end, of the few sequences that a progress bar uses."""
    lines, row, column = [""], 0, 0
    for part in re.findall(r"\x1b\[[0-9;?]*[a-zA-Z]|\r|\n|[^\x1b\r\n]+", written):
        if part == "\r":
            column = 0
        elif part == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif part == "\x1b[1A":
            row -= 1
        elif part == "\x1b[2K":
            lines[row] = ""
        elif not part.startswith("\x1b"):
            lines[row] = lines[row][:column].ljust(column) + part + lines[row][column + len(part) :]
            column += len(part)
    return lines
