"""The short forms of the stress programs; `python -m tests.stress.NAME` runs the long ones."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def run(*arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_written_is_read_alike_by_peers() -> None:
    assert "0 differences" in run("tests.stress.peers")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_runs_go_on_to_the_same_bytes() -> None:
    assert "0 failures" in run("tests.stress.kill9_resume", "--kills", "3")


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are those of Linux")
def test_memory_does_not_grow_with_the_height() -> None:
    assert "within 10%" in run(
        "tests.stress.large_image", "--megapixels", "16", "--models", "tiny,bicubic"
    )


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_videos_go_on_to_the_same_frames() -> None:
    pytest.importorskip("av", reason="PyAV is not installed")
    assert "0 failures" in run("tests.stress.video_kill9", "--kills", "2", "--minutes", "0.1")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="peaks are those of Linux")
def test_a_long_video_takes_no_more_memory() -> None:
    pytest.importorskip("av", reason="PyAV is not installed")
    assert "ratio" in run("tests.stress.video_memory", "--minutes", "0.3", "1.5")


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read as on Linux")
def test_a_server_under_load_answers_all_and_leaks_nothing() -> None:
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    run("tests.stress.serve_load", "--seconds", "20", "--clients", "8")
