"""What only real processes show: kill -9, torchrun, a lost process, another number of them."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from swinsr.training import Run
from tests.training.tiny import tiny_recipe, tiny_table, to_toml

ENVIRONMENT = os.environ | {"OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
PATIENCE = 120.0  # seconds, for machines that are busy


def command(folder: Path, processes: int, **sections: dict) -> list[str]:
    recipe = folder / "recipe.toml"
    recipe.write_text(to_toml(tiny_table(folder, **sections)))
    start = [sys.executable]
    if processes > 1:
        start += ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    return [*start, "-m", "swinsr.training", str(recipe)]


@contextmanager
def started(arguments: list[str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        arguments, env=ENVIRONMENT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(path: Path, process: subprocess.Popen[str]) -> None:
    until = time.monotonic() + PATIENCE
    while not path.exists():
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < until, f"{path} did not appear"
        time.sleep(0.02)


def finish(arguments: list[str]) -> None:
    done = subprocess.run(
        arguments, env=ENVIRONMENT, capture_output=True, text=True, timeout=PATIENCE
    )
    assert done.returncode == 0, done.stderr


def state(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "runs" / "tiny" / "last.state")


def curve(folder: Path) -> list[dict[str, str]]:
    with (folder / "runs" / "tiny" / "curve.csv").open() as file:
        return list(csv.DictReader(file))


def children(pid: int) -> list[int]:
    return [int(n) for n in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def test_killed_and_resumed_run_equals_the_uninterrupted_one_bit_for_bit(tmp_path: Path) -> None:
    run = {"run": {"steps": 200, "checkpoint_every": 20, "threads": 1}}
    run["validation"] = {"folders": [], "every": 1000}
    (tmp_path / "cut").mkdir()
    cut = command(tmp_path / "cut", 1, **run)
    with started(cut) as process:
        wait_for(tmp_path / "cut" / "runs" / "tiny" / "last.state", process)
        process.send_signal(signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
    assert state(tmp_path / "cut")["optimizer/step/conv_first.weight"] < 200
    finish([*cut, "--resume"])
    threads = torch.get_num_threads()
    try:
        Run(tiny_recipe(tmp_path / "whole", **run)).train()
    finally:
        torch.set_num_threads(threads)
    first, second = state(tmp_path / "whole"), state(tmp_path / "cut")
    assert [k for k in first if not torch.equal(first[k], second[k])] == []


def test_two_processes_have_the_losses_of_one_and_one_takes_their_run_over(tmp_path: Path) -> None:
    (tmp_path / "two").mkdir()
    finish(command(tmp_path / "two", 2))
    Run(tiny_recipe(tmp_path / "one")).train()
    for a, b in zip(curve(tmp_path / "one"), curve(tmp_path / "two"), strict=True):
        assert float(a["psnr_test"]) == pytest.approx(float(b["psnr_test"]), abs=0.01)
        if a["step"] != "0":
            assert float(a["loss"]) == pytest.approx(float(b["loss"]), rel=1e-3)
    longer = {"run": {"steps": 18}}
    Run(tiny_recipe(tmp_path / "one", **longer), resume=True).train()
    Run(tiny_recipe(tmp_path / "two", **longer), resume=True).train()
    a, b = curve(tmp_path / "one")[-1], curve(tmp_path / "two")[-1]
    assert float(a["loss"]) == pytest.approx(float(b["loss"]), rel=1e-3)


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="needs /proc to find the processes")
def test_loss_of_one_process_ends_the_run_with_a_sentence(tmp_path: Path) -> None:
    endless = {"run": {"steps": 1_000_000}, "validation": {"folders": []}}
    arguments = command(tmp_path, 2, **endless)
    with started(arguments) as process:
        wait_for(tmp_path / "runs" / "tiny" / "last.state", process)
        victim = children(process.pid)[-1]
        os.kill(victim, signal.SIGKILL)
        _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert "Another of the 2 training processes ended" in told
    assert "--resume" in told


def test_interrupted_processes_stop_at_the_same_step(tmp_path: Path) -> None:
    endless = {"run": {"steps": 1_000_000}, "validation": {"folders": []}}
    with started(command(tmp_path, 2, **endless)) as process:
        wait_for(tmp_path / "runs" / "tiny" / "last.state", process)
        for child in children(process.pid):
            os.kill(child, signal.SIGINT)
        _, told = process.communicate(timeout=PATIENCE)
    assert "Stopped at step" in told
    assert "Another of the" not in told


def test_batch_that_processes_cannot_share_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WORLD_SIZE", "3")
    with pytest.raises(Exception, match="shared evenly by 3"):
        Run(tiny_recipe(tmp_path)).train()
