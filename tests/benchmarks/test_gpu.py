"""The GPU's benchmark runs on a CPU too, with what is installed and what is not."""

import dataclasses
import json
import os
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

import benchmarks.gpu.__main__ as program
from benchmarks.gpu.child import Late, finish
from benchmarks.gpu.rows import Case, Ceilings, Row, least_moved
from benchmarks.networks import network
from benchmarks.published import Unavailable, published_class

ROOT = Path(__file__).parents[2]
PUBLISHED = """
import torch
from timm.models.layers import DropPath, to_2tuple, trunc_normal_
from swinsr.models import from_published

def SwinIR(**config):
    network = from_published("swinir", config)
    forward = network.forward
    network.forward = torch.compiler.disable(lambda x: forward(x) + {error})
    return network
"""
# As torchvision does: once, and a second time ends in an error.
REAL = """
import torch
library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor boxes, Tensor scores, float threshold) -> Tensor")
"""
# As torchvision does beside another build of torch.
BROKEN = """
import torch
torch.library.register_fake("torchvision::nms", lambda *_: None)
"""
SUPPLIED = """
import sys
from benchmarks.torchvision import supply_torchvision
supply_torchvision()
supply_torchvision()
import torchvision, torch
assert "torchvision" in sys.modules
print(torch.ops.torchvision.nms.default)
"""


def run(
    monkeypatch: pytest.MonkeyPatch,
    folder: Path,
    error: float,
    *more: str,
    seconds: float = 0,
    trains: bool = False,
) -> int:
    published = folder / "network_swinir.py"
    published.write_text(PUBLISHED.replace("{error}", str(error)))
    words = ["--device", "cpu", "--networks", "default", "--sizes", "16x8", "--runs", "1"]
    words += ["--batch", "1", "--patch", "8", "--published", str(published), "-o", str(folder)]
    words += ["--compile-seconds", str(seconds), *more]
    monkeypatch.setattr(program, "PRODUCT", 16)
    monkeypatch.setattr("sys.argv", ["gpu", *words])
    if not trains:
        monkeypatch.setattr(program, "training_step", lambda *_, **__: "no training step")
    return program.main()


def programs(folder: Path) -> list[tuple[str, str, str]]:
    rows = json.loads((folder / "gpu.json").read_text())["rows"]
    return [(r["precision"], r["program"], r["problem"]) for r in rows]


def test_rows_come_with_the_published_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, 0.0, trains=True) == 0
    rows = json.loads((tmp_path / "gpu.json").read_text())["rows"]
    assert [(r["precision"], r["program"]) for r in rows] == [
        ("float32", "published"),
        ("float32", "swinsr"),
        ("bfloat16", "published"),
        ("bfloat16", "swinsr"),
    ]
    assert all(len(r["milliseconds"]) == 1 for r in rows)
    assert "timm" not in sys.modules or sys.modules["timm"].__spec__ is not None
    printed = capsys.readouterr().out
    assert "training step (plain), bundled x4, batch 1 of 8x8" in printed
    assert printed.count("% of the product's ceiling") == 1
    assert (tmp_path / "gpu.md").read_text() == printed


def test_a_program_that_is_wrong_is_not_timed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run(monkeypatch, tmp_path, 0.5) == 1
    first = json.loads((tmp_path / "gpu.json").read_text())["rows"][0]
    assert "not timed" in first["problem"]
    assert not first["milliseconds"]


def test_each_row_is_printed_before_the_next_is_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    printed, before = [""], list[tuple[str, int]]()

    def so_far() -> int:
        printed[0] += capsys.readouterr().out
        return printed[0].count("| default |")

    build: Callable[[str], Any] = program.network
    measure = Case.measure

    def built(name: str) -> Any:
        assert so_far() == 0
        assert "Ceilings: " in printed[0] and "| network | size |" in printed[0]
        return build(name)

    def measured(case: Case, name: str, *given: Any) -> Row:
        before.append((name, so_far()))
        return measure(case, name, *given)

    monkeypatch.setattr(program, "network", built)
    monkeypatch.setattr(Case, "measure", measured)
    assert run(monkeypatch, tmp_path, 0.0) == 0
    assert before == [("published", 0), ("swinsr", 1), ("published", 2), ("swinsr", 3)]


def test_the_compiler_comes_last_and_is_ended_in_time(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    began = time.monotonic()
    assert run(monkeypatch, tmp_path, 0.0, "--precisions", "float32", seconds=0.2) == 0
    assert time.monotonic() - began < 60
    assert programs(tmp_path) == [
        ("float32", "published", ""),
        ("float32", "swinsr", ""),
        ("float32", "published, torch.compile", "not compiled within 0.2 s"),
    ]


def test_a_compiled_row_is_what_its_process_says(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ("--compiled", "default 16x8 float32")
    assert run(monkeypatch, tmp_path, 0.0, *given) == 0
    said = capsys.readouterr().out
    commands: list[Any] = []

    def done(command: Any, seconds: float) -> tuple[int, str, str]:
        commands.append(command)
        return 0, f"a word of the compiler\n{said}", ""

    monkeypatch.setattr(program, "finish", done)
    assert run(monkeypatch, tmp_path, 0.0, "--precisions", "float32", seconds=9) == 0
    (command,) = commands
    assert command[-2:] == ["--published", str(tmp_path / "network_swinir.py")]
    assert "default 16x8 float32" in command
    last = json.loads((tmp_path / "gpu.json").read_text())["rows"][-1]
    assert (last["program"], last["problem"]) == ("published, torch.compile", "")
    assert len(last["milliseconds"]) == 1

    # One that fails says its last line, and what did not run as it is, is not compiled.
    monkeypatch.setattr(program, "finish", lambda *_: (1, "", "Traceback\nno compiler\n"))
    run(monkeypatch, tmp_path, 0.0, "--precisions", "float32", seconds=9)
    assert programs(tmp_path)[-1][2] == "no compiler"
    monkeypatch.delattr(program, "finish")
    run(monkeypatch, tmp_path, 0.5, "--precisions", "float32", seconds=9)
    assert "not timed" in programs(tmp_path)[-1][2]


@pytest.mark.skipif(os.name != "posix", reason="process groups are POSIX's")
def test_a_program_that_is_late_is_ended_with_its_children(tmp_path: Path) -> None:
    told = tmp_path / "pid"
    script = (
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        f"pathlib.Path({str(told)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    with pytest.raises(Late):
        finish([sys.executable, "-c", script], 5.0)
    pid = int(told.read_text())
    for _ in range(100):
        if not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
            break
        time.sleep(0.05)
    else:
        pytest.fail("the child still runs")
    assert finish([sys.executable, "-c", "print(3)"], 60) == (0, "3\n", "")


def test_shares_are_of_the_measured_ceilings() -> None:
    row = Row("n", (8, 16), "float32", "swinsr", milliseconds=[2.0], operations=4e9, moved=1e6)
    line = row.markdown(3.0, Ceilings(product=8.0, copy=2.0))
    assert line == "| n | 16x8 | float32 | swinsr | 2.00 | 1.50 | - | 25.0% | 25.0% | nan |"
    assert dataclasses.asdict(row)["moved"] == 1e6
    config = network("default").config
    once = 4 * config.embed_dim * 8 * 16
    moved = least_moved(config, 8, 16)
    # Four maps for each block at the least.
    assert 4 * config.blocks * once < moved < 6 * config.blocks * once
    assert least_moved(config, 16, 16) == 2 * moved
    assert torch.tensor(moved).isfinite()


def test_a_published_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"there is no file .*network_swinir\.py"):
        published_class("swinir", tmp_path / "network_swinir.py")


@pytest.mark.parametrize("package", [REAL, BROKEN], ids=["real", "broken"])
def test_torchvision_is_taken_as_it_is_and_supplied_where_it_fails(
    package: str, tmp_path: Path
) -> None:
    (tmp_path / "torchvision.py").write_text(package)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{SUPPLIED}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "torchvision.nms.default"


def test_every_command_of_the_guide_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    text = (ROOT / "docs/gpu.md").read_text(encoding="utf-8")
    commands = re.findall(r"`python -m benchmarks\.gpu ([^`]+)`", text)
    assert len(commands) == 5
    for command in commands:
        monkeypatch.setattr("sys.argv", ["gpu", *shlex.split(command)])
        given = program._arguments()
        assert all(program._side(size) for size in given.sizes)
    for folders in re.findall(r"`python -m pytest -n 0 ([^`]+)`", text):
        assert all((ROOT / folder).is_dir() for folder in folders.split())
