"""Several pictures at a time: all are done, and a worker that dies takes one with it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from swinsr.files.parallel import workers
from swinsr.files.plan import Job
from swinsr.files.settings import Settings

# A worker without a model, which dies of pictures called bad.
FAKE = """
import json, os, signal, sys
from swinsr.files.record import Record
json.loads(sys.stdin.readline())
for line in sys.stdin:
    job = json.loads(line)
    if "bad" in job["source"]:
        os.kill(os.getpid(), signal.SIGKILL)
    print(Record(job["source"], job["output"], "done").to_json(), flush=True)
"""
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


def test_a_killed_worker_fails_its_picture_alone_and_is_replaced(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if os.name == "nt":
        pytest.skip("needs signals")
    monkeypatch.setattr(workers, "COMMAND", (sys.executable, "-c", FAKE))
    names = ["a", "bad1", "b", "bad2", "c", "d"]
    jobs = [Job(Path(f"{name}.png"), Path(f"{name}_x2.png")) for name in names]
    records = {r.input: r for r in workers.run_in_workers(Settings(), jobs, 2)}
    assert sorted(records) == sorted(f"{name}.png" for name in names)
    for name in names:
        record = records[f"{name}.png"]
        assert record.status == ("failed" if "bad" in name else "done")
        if record.error is not None:
            assert record.error.startswith(f"{name}.png: its worker process was killed by signal 9")
            assert "fewer --jobs" in record.error


def start(folder: Path, *options: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "swinsr", "upscale", "in", "-o", "out", "-j", "2", *options],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def children(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    tasks = Path(f"/proc/{process}/task").iterdir()
    listed += [p for task in tasks for p in (task / "children").read_text().split()]
    return sorted({int(number) for number in listed})


@LINUX
def test_a_stop_ends_the_workers_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    noise = np.random.default_rng(0).integers(0, 256, (500, 500, 3), np.uint8)
    for name in "abcd":
        Image.fromarray(noise).save(tmp_path / "in" / f"{name}.png")
    process = start(tmp_path, "-s", "8", "--device", "cpu")
    deadline = time.monotonic() + 60
    while len(started := children(process.pid)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(started) == 2
    time.sleep(1.0)
    process.send_signal(signal.SIGTERM)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 128 + signal.SIGTERM
    assert told == "swinsr: stopped; nothing half-written was left behind\n"
    assert not [number for number in started if Path(f"/proc/{number}").exists()]
    assert list((tmp_path / "out").iterdir()) == []


def test_real_workers_do_what_one_process_does(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    for name in "abc":
        noise = np.random.default_rng(ord(name)).integers(0, 256, (20, 30, 3), np.uint8)
        Image.fromarray(noise).save(tmp_path / "in" / f"{name}.png")
    (tmp_path / "in" / "d.png").write_text("no picture")
    process = start(tmp_path, "-s", "2", "-m", "bicubic", "--json")
    out, told = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "d.png: not a PNG" in told
    assert "1 of 4 pictures failed" in told
    records = {Path(r["input"]).stem: r for r in map(json.loads, out.splitlines())}
    assert {name: r["status"] for name, r in sorted(records.items())} == {
        "a": "done", "b": "done", "c": "done", "d": "failed",
    }  # fmt: skip
    for name in "abc":
        with Image.open(tmp_path / "out" / f"{name}_x2.png") as picture:
            assert picture.size == (60, 40)
