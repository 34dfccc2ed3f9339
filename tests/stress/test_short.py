"""The short forms of the stress programs; `python -m tests.stress.NAME` runs the long ones."""

import json
import os
import sys
from pathlib import Path

import pytest

from tests.helpers.command import run_module, run_python

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> str:
    done = run_module(*arguments, cwd=ROOT, seconds=500)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_what_is_written_is_read_alike_by_peers() -> None:
    assert "0 differences" in run("tests.stress.peers")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
def test_killed_runs_go_on_to_the_same_bytes() -> None:
    assert "0 failures" in run("tests.stress.kill9_resume", "--kills", "3")


def test_no_reader_of_damaged_files_fails_otherwise_than_in_a_sentence(tmp_path: Path) -> None:
    options = ["--plain", "--cases", "500", "--seed", "7", "--findings", str(tmp_path / "found")]
    told = run("tests.stress.fuzz", *options)
    assert "500 files" in told and "0 kinds of finding" in told


def test_the_fuzzer_finds_what_is_planted(tmp_path: Path) -> None:
    """Each kind of finding is met, written with its file, and counted once."""
    program = (
        "import sys, time, os, tests.stress.fuzz as fuzz\n"
        "def planted(data):\n"
        "    if b'slow' in data: time.sleep(60)\n"
        "    if b'dead' in data: os.kill(os.getpid(), 11)\n"
        "    if b'wide' in data: bytearray(os.urandom(1 << 20)) * 80\n"
        "    if b'wrong' in data: raise KeyError('x')\n"
        "fuzz.examine = planted\n"
        "words = (b'slow', b'dead', b'wide', b'wrong', b'good')\n"
        "fuzz.seeds = lambda only: {f'{i}.bin': word for i, word in enumerate(words)}\n"
        "fuzz.mutate = lambda data, rng, others: data\n"
        "sys.argv[1:] = ['--plain', '--cases', '10', '--seconds', '2', '--megabytes', '60',\n"
        f"                '--findings', {str(tmp_path / 'found')!r}]\n"
        "fuzz.main()\n"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = run_python("-c", program, cwd=ROOT, env=environment)
    assert done.returncode == 1, done.stdout + done.stderr
    wanted = ["longer than 2 s", "the process ended with -11", "KeyError at"]
    if sys.platform == "linux":
        wanted.append("memory above 60 MB")
    for kind in wanted:
        assert f"2 x {kind}" in done.stdout, done.stdout
    written = {path.read_bytes() for path in (tmp_path / "found").glob("*.bin")}
    assert written == {b"slow", b"dead", b"wrong"} | ({b"wide"} if len(wanted) == 4 else set())
    notes = "".join(path.read_text() for path in (tmp_path / "found").glob("*.txt"))
    assert notes.count("again: python -m tests.stress.fuzz --replay") == len(wanted)


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


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="threads and memory are read as on Linux")
def test_the_page_answers_as_the_command_does_and_keeps_nothing_of_rude_clients() -> None:
    pytest.importorskip("gradio", reason="the package gradio is missing")
    options = ["--requests", "8", "--rounds", "1", "--crowd", "40", "--idle", "4"]
    told = json.loads(run("tests.stress.demo_soak", *options))
    before, after = told["levels"]
    assert told["faults"] == [] and told["pictures"] > 100
    assert after["threads"] <= before["threads"] and after["files"] <= before["files"]
    assert told["outcomes"]["at once: complete"] == 40 and told["health_slowest"] < 10
