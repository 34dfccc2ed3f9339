"""What a stopped run leaves: told with its size, gone on with after a stop, and dropped."""

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

from swinsr.cli.views.progress import Pace
from swinsr.tiling import open_work, work_path
from tests.cli.conftest import Call

LONG = "n" * 246 + ".png"  # 250 bytes
MODEL = ("-m", "swinsr-light-x2", "--precision", "float32", "--device", "cpu")


def noise(path: Path, height: int, width: int) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(pixels).save(path)


def leave(output: Path) -> Path:
    """A work folder as a killed run leaves it."""
    with open_work(output, {"input": "x"}) as (work, _):
        work.ledger.add(kind="rows", row=0)
        (work.path / "pass0.raw").write_bytes(os.urandom(3_000_000))
    return work_path(output)


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals between processes")
def test_a_stop_tells_where_the_work_lies_and_clean_drops_it(call: Call, tmp_path: Path) -> None:
    noise(tmp_path / "in.png", 480, 400)
    command = [sys.executable, "-m", "swinsr", "in.png", *MODEL, "--tile", "64"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    ledger = work_path(tmp_path / "in_x2.png") / "ledger"
    for _ in range(6000):
        if ledger.exists() and ledger.read_bytes().count(b'"kind": "tile"') >= 2:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    match = re.search(r"stopped; (\S+ \w?B) of unfinished work on in_x2.png lies in (\S+);", said)
    assert match, said
    assert Path(tmp_path / match[2]) == ledger.parent
    assert "the same command goes on with it, and `swinsr clean` drops it" in said
    listed = call("clean")
    assert listed.status == 0
    assert f"in_x2.png  {match[1]} of unfinished work, just stopped" in listed.text
    assert "--yes" in listed.err
    assert ledger.exists()
    assert "dropped" in call("clean", "--yes").text
    assert [path.name for path in tmp_path.iterdir()] == ["in.png"]


def test_clean_finds_what_was_left_and_nothing_else(call: Call, tmp_path: Path) -> None:
    (tmp_path / "a/b").mkdir(parents=True)
    left = leave(tmp_path / "a/out.png"), leave(tmp_path / "a" / LONG)
    below = leave(tmp_path / "a/b/deep.tif")
    killed = tmp_path / "a/.swinsr-0123456789abcdef.tmp"
    killed.write_bytes(b"half")
    foreign = tmp_path / "a/.mine.swinsr"
    foreign.mkdir()
    (foreign / "diary.txt").write_text("dear")
    listed = call("clean", "a")
    for words in ("out.png  3.0 MB", LONG, ".tmp  4 bytes, a temporary file"):
        assert words in listed.text
    assert "deep" not in listed.text and "mine" not in listed.text
    assert call("clean", "a", "-y").status == 0
    assert not any(path.exists() for path in (*left, killed))
    assert below.exists() and foreign.exists()
    assert call("clean", "a", "-r", "-y").text.count("deep.tif") == 1
    assert not below.exists()
    assert "nothing unfinished" in call("clean", "a", "-r").text
    assert "cannot be read" in call("clean", "missing").err


def test_work_in_use_is_listed_and_left_alone(call: Call, tmp_path: Path) -> None:
    with open_work(tmp_path / "out.png", {"input": "x"}) as (work, _):
        work.ledger.add(kind="rows", row=0)
        ran = call("clean", "--yes")
        assert "at work now" in ran.text and "dropped" not in ran.text
        assert (work.path / "ledger").exists()


def test_names_of_250_bytes_work_in_tiles(call: Call, tmp_path: Path) -> None:
    noise(tmp_path / "in.png", 80, 70)
    ran = call("in.png", *MODEL, "--tile", 32, "--overlap", 8, "-o", LONG)
    assert ran.status == 0, ran.err
    assert {path.name for path in tmp_path.iterdir()} == {"in.png", LONG}
    longest = "ü" * 125 + ".webp"  # 255 bytes, and too long for a name beside it
    assert call("in.png", *MODEL, "--tile", 32, "-o", longest, "--lossless").status == 0


def test_two_long_names_have_two_places_of_work(tmp_path: Path) -> None:
    places = {work_path(tmp_path / f"{'n' * 240}{i}.png") for i in range(2)}
    assert len(places) == 2
    assert all(len(os.fsencode(place.name)) <= 143 for place in places)
    assert work_path(tmp_path / "out.png").name == ".out.png.swinsr"


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_time_left_is_right_after_a_resume() -> None:
    clock = Clock()
    pace = Pace(clock)
    clock.now = 5.0  # what an earlier run did is checked
    pace.tiles(100, earlier=60)
    for _ in range(60):
        pace.tile()
        pace.advance(pace.done / 100)
    assert pace.seconds_left is None
    for _ in range(10):
        clock.now += 2.0
        pace.tile()
        pace.advance(pace.done / 100)
    assert pace.seconds_left == pytest.approx(30 * 2.0)
    assert pace.tile_rate == pytest.approx(0.5)
    assert pace.words() == "70/100 tiles, 2.0 s a tile, 0:01:00 left"


def test_time_left_without_tiles_and_over_two_passes() -> None:
    clock = Clock()
    pace = Pace(clock)
    clock.now = 10.0
    pace.advance(0.25)
    assert pace.seconds_left == pytest.approx(30.0)
    pace.tiles(4, earlier=0)
    for share in (0.25, 0.5):
        clock.now += 5.0
        pace.tile()
        pace.advance(share)
    assert pace.words() == "2/4 tiles, 5.0 s a tile, 0:00:20 left"
