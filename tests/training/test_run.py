"""A run from the first step to the last: what it writes, how it fails, how it goes on."""

import copy
import csv
import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file

from swinsr.checkpoints import load
from swinsr.errors import (
    CheckpointReadError,
    ConfigError,
    ImageReadError,
    SwinsrError,
    WeightsMismatchError,
)
from swinsr.storage import temporary
from swinsr.training import Run
from swinsr.training.data.sampler import Batch, Part
from swinsr.training.state import TrainingError, save_state
from swinsr.training.steps.stepper import Stepper
from swinsr.training.validation import restore
from swinsr.training.weights.setup import make_network, read_data
from tests.training.tiny import tiny_recipe, waves, write_pictures


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "runs" / "tiny" / "curve.csv").open() as file:
        return list(csv.DictReader(file))


def weights(folder: Path, name: str = "last.safetensors") -> dict[str, torch.Tensor]:
    return load_file(folder / "runs" / "tiny" / name)


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[k], b[k]) for k in a)


def test_learns_and_leaves_curve_checkpoint_and_weights(tmp_path: Path) -> None:
    done = Run(tiny_recipe(tmp_path, run={"steps": 60}, optimizer={"lr": 3e-3})).train()
    curve = rows(tmp_path)
    assert [int(r["step"]) for r in curve] == list(range(0, 61, 6))
    scores = [float(r["psnr_test"]) for r in curve]
    assert scores[-1] > scores[0] + 0.3
    assert float(curve[-1]["loss"]) < float(curve[1]["loss"])
    assert done.best == max(done.best or 0, max(scores) - 1e-4)
    loaded = load(tmp_path / "runs" / "tiny" / "best.safetensors")
    assert loaded.config.embed_dim == 8
    assert loaded.metadata["task"] == "classical_sr"
    assert json.loads(loaded.metadata["training"])["step"] == done.best_step
    assert json.loads(loaded.metadata["recipe"])["run"]["steps"] == 60


def test_same_recipe_gives_the_same_weights_bit_for_bit(tmp_path: Path) -> None:
    for name in ("a", "b"):
        Run(tiny_recipe(tmp_path / name)).train()
    assert same(weights(tmp_path / "a"), weights(tmp_path / "b"))


def test_another_seed_gives_other_weights(tmp_path: Path) -> None:
    Run(tiny_recipe(tmp_path / "a")).train()
    Run(tiny_recipe(tmp_path / "b", run={"seed": 1})).train()
    assert not same(weights(tmp_path / "a"), weights(tmp_path / "b"))


def stop_at(monkeypatch: pytest.MonkeyPatch, step: int) -> None:
    """Send this process a real SIGINT in the middle of a step."""
    original = Stepper.step

    def with_signal(self: Stepper, batch: Batch, *, done: float | None = None) -> torch.Tensor:
        if batch.step == step:
            os.kill(os.getpid(), signal.SIGINT)
        return original(self, batch, done=done)

    monkeypatch.setattr(Stepper, "step", with_signal)


@pytest.mark.parametrize(("drop", "optimizer"), [(0.0, "adamw"), (0.3, "adamw"), (0.0, "muon")])
def test_interrupted_and_resumed_equals_uninterrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, drop: float, optimizer: str
) -> None:
    sections = {
        "network": {"drop_rate": drop, "drop_path_rate": drop},
        "optimizer": {"name": optimizer},
    }
    Run(tiny_recipe(tmp_path / "whole", **sections)).train()
    with monkeypatch.context() as patch:
        stop_at(patch, 6)
        with pytest.raises(TrainingError, match=r"Stopped at step 7.*--resume"):
            Run(tiny_recipe(tmp_path / "cut", **sections)).train()
    before = signal.getsignal(signal.SIGINT)
    Run(tiny_recipe(tmp_path / "cut", **sections), resume=True).train()
    assert signal.getsignal(signal.SIGINT) is before
    for name in ("last.safetensors", "last.state"):
        assert same(weights(tmp_path / "whole", name), weights(tmp_path / "cut", name))
    for a, b in zip(rows(tmp_path / "whole"), rows(tmp_path / "cut"), strict=True):
        assert (a["step"], a["lr"], a["psnr_test"]) == (b["step"], b["lr"], b["psnr_test"])


def test_resume_drops_curve_lines_past_the_checkpoint(tmp_path: Path) -> None:
    Run(tiny_recipe(tmp_path)).train()
    state = (tmp_path / "runs" / "tiny" / "last.state").read_bytes()
    Run(tiny_recipe(tmp_path, run={"steps": 24}), resume=True).train()
    (tmp_path / "runs" / "tiny" / "last.state").write_bytes(state)  # of step 12
    Run(tiny_recipe(tmp_path, run={"steps": 18}), resume=True).train()
    assert [int(r["step"]) for r in rows(tmp_path)] == [0, 6, 12, 18]


def test_second_run_of_a_name_is_refused_unless_told_to_overwrite(tmp_path: Path) -> None:
    Run(tiny_recipe(tmp_path)).train()
    with pytest.raises(ConfigError, match="--resume"):
        Run(tiny_recipe(tmp_path)).train()
    Run(tiny_recipe(tmp_path), overwrite=True).train()
    assert len(rows(tmp_path)) == 3


def test_loss_that_is_no_number_stops_the_run_before_it_is_saved(tmp_path: Path) -> None:
    Run(tiny_recipe(tmp_path, run={"steps": 4})).train()
    before = weights(tmp_path, "last.state")
    wild = {"lr": 1e30, "clip_norm": 0.0, "schedule": "constant", "warmup": 0}
    with pytest.raises(TrainingError, match=r"loss of step \d+ is (nan|inf)"):
        Run(tiny_recipe(tmp_path, optimizer=wild), resume=True).train()
    assert same(weights(tmp_path, "last.state"), before)


def test_full_disk_is_told_and_the_last_checkpoint_stays(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource", reason="this system has no limit on file sizes")
    Run(tiny_recipe(tmp_path, run={"steps": 4})).train()
    before = weights(tmp_path, "last.state")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(SwinsrError, match="cannot be written"):
            Run(tiny_recipe(tmp_path), resume=True).train()
        with pytest.raises(TrainingError, match="cannot be written"):
            unscored = {"validation": {"folders": []}, "run": {"steps": 30}}
            Run(tiny_recipe(tmp_path, **unscored), resume=True).train()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert same(weights(tmp_path, "last.state"), before)
    assert not list((tmp_path / "runs" / "tiny").glob("*.tmp"))
    assert not list((tmp_path / "runs" / "tiny").glob(".*.tmp"))


def test_what_a_killed_run_left_half_written_is_removed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Run(tiny_recipe(tmp_path)).train()
    folder = tmp_path / "runs" / "tiny"
    (folder / ".swinsr-0123456789abcdef.tmp").write_bytes(b"half")
    monkeypatch.setattr(temporary, "_cleaned", set())  # as in a process of its own
    with (folder / "curve.csv").open("a") as file:
        file.write("1")
    Run(tiny_recipe(tmp_path, run={"steps": 18}), resume=True).train()
    assert not list(folder.glob(".*.tmp"))
    assert [r["step"] for r in rows(tmp_path)] == ["0", "6", "12", "18"]


def test_resume_without_a_checkpoint_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointReadError, match=r"last\.state"):
        Run(tiny_recipe(tmp_path), resume=True).train()


@pytest.mark.parametrize("size", [0, 10, 3000])
def test_damaged_checkpoint_is_told(tmp_path: Path, size: int) -> None:
    Run(tiny_recipe(tmp_path, run={"steps": 2})).train()
    path = tmp_path / "runs" / "tiny" / "last.state"
    path.write_bytes(path.read_bytes()[:size])
    with pytest.raises(CheckpointReadError, match="damaged"):
        Run(tiny_recipe(tmp_path), resume=True).train()


def test_checkpoint_of_another_network_is_told(tmp_path: Path) -> None:
    Run(tiny_recipe(tmp_path, run={"steps": 2})).train()
    with pytest.raises(SwinsrError, match="another network"):
        Run(tiny_recipe(tmp_path, network={"embed_dim": 12}), resume=True).train()


@pytest.mark.parametrize(("made", "wanted"), [("adamw", "muon"), ("muon", "adamw")])
def test_checkpoint_of_another_optimiser_is_told(tmp_path: Path, made: str, wanted: str) -> None:
    Run(tiny_recipe(tmp_path, optimizer={"name": made})).train()
    with pytest.raises(WeightsMismatchError, match=r"last\.state: was made with .*init\.from_file"):
        Run(tiny_recipe(tmp_path, optimizer={"name": wanted}), resume=True).train()


def test_weights_without_a_state_cannot_be_resumed_from(tmp_path: Path) -> None:
    Run(tiny_recipe(tmp_path, run={"steps": 2})).train()
    folder = tmp_path / "runs" / "tiny"
    (folder / "last.safetensors").replace(folder / "last.state")
    with pytest.raises(CheckpointReadError, match="no training state"):
        Run(tiny_recipe(tmp_path), resume=True).train()


def test_empty_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "train").mkdir()
    write_pictures(tmp_path / "test", 1)
    with pytest.raises(ConfigError, match="holds no pictures"):
        Run(tiny_recipe(tmp_path)).train()


def test_missing_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such folder"):
        Run(tiny_recipe(tmp_path, data={"train": [str(tmp_path / "nowhere")]})).train()


def test_pictures_smaller_than_a_crop_are_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="smaller than the 64x64"):
        Run(tiny_recipe(tmp_path, data={"patch": 32})).train()


def test_some_small_pictures_are_counted(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    recipe = tiny_recipe(tmp_path)
    Image.fromarray(waves(10, 40, 9)).save(tmp_path / "train" / "small.png")
    Run(recipe).train()
    assert "1 smaller than a crop left out" in capsys.readouterr().err


def test_unreadable_picture_is_told_or_skipped_with_a_count(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    tiny_recipe(tmp_path)
    (tmp_path / "train" / "broken.png").write_bytes(b"no picture")
    with pytest.raises(ImageReadError, match=r"broken\.png.*unreadable"):
        Run(tiny_recipe(tmp_path)).train()
    Run(tiny_recipe(tmp_path, data={"unreadable": "skip"})).train()
    assert "1 unreadable left out" in capsys.readouterr().err


def test_validation_input_of_another_scale_is_told(tmp_path: Path) -> None:
    recipe = tiny_recipe(tmp_path, validation={"folders": [str(tmp_path / "set")]})
    write_pictures(tmp_path / "set" / "HR", 1, 24, 24)
    low = tmp_path / "set" / "LR_bicubic" / "X2"
    low.mkdir(parents=True)
    Image.fromarray(waves(8, 8, 0)).save(low / "wave0x2.png")
    with pytest.raises(ImageReadError, match="enlarged by 2"):
        Run(recipe).train()


def test_validation_picture_shows_input_output_and_truth(tmp_path: Path) -> None:
    Run(tiny_recipe(tmp_path, validation={"picture": True})).train()
    with Image.open(tmp_path / "runs" / "tiny" / "pictures" / "0000012.png") as sheet:
        assert sheet.size == (3 * 20 + 2 * 4, 20)


def test_weights_of_another_scale_give_their_body(
    tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    Run(tiny_recipe(tmp_path / "a")).train()
    source = str(tmp_path / "a" / "runs" / "tiny" / "best.safetensors")
    run = {"steps": 1}
    network = {"upscale": 4}
    optimizer = {"lr": 1e-12, "ema": 0.0}
    Run(
        tiny_recipe(
            tmp_path / "b", run=run, network=network, init={"from_file": source},
            optimizer=optimizer, data={"patch": 8},
        )
    ).train()  # fmt: skip
    first, second = weights(tmp_path / "a", "best.safetensors"), weights(tmp_path / "b")
    body = [k for k in first if not k.startswith("upsample")]
    assert all(torch.allclose(first[k], second[k], atol=1e-9) for k in body)
    told = capsys.readouterr().err
    assert f"took {len(body)} of {len(first)} tensors" in told.replace("\n", " ")
    assert "upsample.0.weight" in told


def test_weights_of_which_nothing_fits_are_refused(tmp_path: Path) -> None:
    Run(tiny_recipe(tmp_path / "a", run={"steps": 1})).train()
    source = str(tmp_path / "a" / "runs" / "tiny" / "last.safetensors")
    with pytest.raises(SwinsrError, match="no tensor fits"):
        network = {"embed_dim": 10, "family": "swin2sr"}
        network |= {"window_size": 8, "img_size": 8, "upscale": 3, "in_chans": 1}
        Run(tiny_recipe(tmp_path / "b", network=network, init={"from_file": source})).train()


@pytest.mark.parametrize(
    "sections",
    [
        {"task": {"name": "denoise"}, "network": {"upscale": 1, "upsampler": ""}},
        {
            "task": {"name": "jpeg"},
            "network": {"upscale": 1, "upsampler": "", "in_chans": 1},
            "loss": {"name": "charbonnier", "frequency": 0.1},
        },
        {"task": {"name": "real"}, "network": {"upsampler": "nearest+conv"}},
        {
            "task": {"name": "compressed"},
            "network": {"family": "swin2sr", "upsampler": "pixelshuffle_aux"},
        },
        {"network": {"family": "swin2sr", "upsampler": "pixelshuffle_hf"}},
        {"network": {"use_checkpoint": True}, "run": {"precision": "bfloat16"}},
    ],
    ids=["denoise", "jpeg-gray", "real", "compressed", "high-frequency", "checkpointed-bf16"],
)
def test_every_task_runs_and_changes_every_weight(tmp_path: Path, sections: dict) -> None:
    sections = {**sections, "run": {"steps": 3, **sections.get("run", {})}}
    recipe = tiny_recipe(tmp_path, **sections)
    Run(recipe).train()
    state = weights(tmp_path, "last.state")
    moments = {k: v for k, v in state.items() if k.startswith("optimizer/exp_avg_sq/")}
    assert len(moments) == sum(k.startswith("weights/") for k in state)
    assert [k for k, v in moments.items() if not v.any()] == []


@pytest.mark.parametrize("family", ["swinir", "swin2sr"])
def test_validation_sees_the_average_of_now(tmp_path: Path, family: str) -> None:
    recipe = tiny_recipe(tmp_path, network={"family": family}, optimizer={"ema": 0.0})
    network, _ = make_network(recipe)
    sampler = read_data(recipe).sampler
    stepper = Stepper(network, recipe, torch.device("cpu"), Part())
    picture = waves(16, 16, 0)
    for step in range(3):
        stepper.step(sampler.load(step))
        now = restore(stepper.average.network, picture, stepper.device)
        fresh = restore(copy.deepcopy(stepper.average.network), picture, stepper.device)
        assert (now == fresh).all()


def test_state_file_tells_its_version(tmp_path: Path) -> None:
    Run(tiny_recipe(tmp_path, run={"steps": 1})).train()
    with safe_open(tmp_path / "runs" / "tiny" / "last.state", "pt") as file:
        assert json.loads(file.metadata()["training"])["version"] == 1


def test_a_run_of_minutes_ends_cooled_down_by_the_clock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter(range(10_000))
    monkeypatch.setattr("swinsr.training.loop.time.monotonic", lambda: float(next(clock)))
    run = {"steps": 1000, "minutes": 0.5}  # 30 looks at a clock that goes on by a second a look
    done = Run(tiny_recipe(tmp_path, run=run, validation={"every": 1000})).train()
    assert 5 < done.step < 30
    rates = [float(r["lr"]) for r in rows(tmp_path)]
    assert rates[-1] < 0.1 * 1e-3


def test_a_run_of_minutes_has_validated_and_saved_when_they_are_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]

    def taking(seconds: float, work: Callable[..., Any]) -> Callable[..., Any]:
        def slower(*given: Any, **more: Any) -> Any:
            now[0] += seconds
            return work(*given, **more)

        slower.__name__ = work.__name__
        return slower

    monkeypatch.setattr("swinsr.training.loop.time.monotonic", lambda: now[0])
    monkeypatch.setattr(Stepper, "step", taking(0.5, Stepper.step))
    monkeypatch.setattr(Run, "_validate", taking(6, Run._validate))
    monkeypatch.setattr("swinsr.training.loop.save_state", taking(2, save_state))
    run = {"steps": 1000, "minutes": 1.0, "checkpoint_every": 10}
    done = Run(tiny_recipe(tmp_path, run=run, validation={"every": 1000})).train()
    assert 55 <= now[0] <= 60.5
    exported = load(tmp_path / "runs" / "tiny" / "last.safetensors").metadata["training"]
    assert json.loads(exported)["step"] == done.step
    assert [int(r["step"]) for r in rows(tmp_path)] == [0, done.step]
    assert float(rows(tmp_path)[-1]["lr"]) < 0.1 * 1e-3
