"""A step asks nothing of the host, so that it can be captured and replayed."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from swinsr.errors import ConfigError, DeviceError
from swinsr.runtime.compiled import compile_blocks
from swinsr.runtime.graph import Graph
from swinsr.training.data.on_device.stream import device_batches
from swinsr.training.data.sampler import Part, Sampler
from swinsr.training.state import Progress, load_state, save_state
from swinsr.training.steps.capture import CapturedStep, step_way
from swinsr.training.steps.schedule import learning_rate
from swinsr.training.steps.stepper import Stepper
from swinsr.training.weights.setup import make_network, read_data
from tests.training.recording import Recording, Replayed
from tests.training.tiny import tiny_recipe

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
OPTIMIZERS = ["adamw", "muon"]


@pytest.fixture(autouse=True)
def by_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a GPU."""
    monkeypatch.setenv("SWINSR_BLOCK", "modules")


def stepper_of(
    folder: Path, optimizer: str, network: dict[str, Any] | None = None
) -> tuple[Stepper, Sampler]:
    settings = {"name": optimizer, "clip_norm": 0.5, "weight_decay": 0.1, "lr": 1e-2}
    recipe = tiny_recipe(
        folder,
        optimizer=settings,
        loss={"luma": 1.0},
        network={"drop_path_rate": 0.2} | (network or {}),
    )
    made, _ = make_network(recipe)
    return Stepper(made, recipe, CPU, Part()), read_data(recipe).sampler


def captured(stepper: Stepper, graph: Callable[[], Graph] = Replayed) -> Stepper:
    stepper._captured = CapturedStep(stepper._whole, stepper._state, CPU, graph)
    return stepper


def everything(stepper: Stepper) -> dict[str, Tensor]:
    found = {f"network/{n}": p for n, p in stepper.network.named_parameters()}
    found |= {f"average/{n}": p for n, p in stepper.average.network.named_parameters()}
    for name, parameter in stepper.network.named_parameters():
        for moment, tensor in stepper.optimizer.state[parameter].items():
            found[f"{moment}/{name}"] = tensor
    return {name: tensor.detach().clone() for name, tensor in found.items()}


@pytest.mark.parametrize(
    ("optimizer", "family", "head"),
    [
        ("adamw", "swinir", "pixelshuffledirect"),
        ("muon", "swinir", "pixelshuffle"),
        ("muon", "swin2sr", "pixelshuffle_aux"),
        ("muon", "swin2sr", "pixelshuffle_hf"),
    ],
)
def test_a_step_is_the_same_work_each_time_and_asks_nothing_of_the_host(
    tmp_path: Path, optimizer: str, family: str, head: str
) -> None:
    stepper, sampler = stepper_of(tmp_path, optimizer, {"family": family, "upsampler": head})
    batches = [sampler.load(step) for step in range(4)]
    stepper.step(batches[0])  # makes the optimiser's state
    works = []
    for batch in batches[1:]:
        stepper._set(batch.step)
        tensors = (batch.input, batch.target, batch.clean, batch.mask)
        with Recording() as recording:
            stepper._whole(tensors)
        works.append(recording.work)
    assert len(works[0]) > 100
    assert works[0] == works[1] == works[2]


def test_the_recording_sees_a_number_that_changes() -> None:
    works = []
    for factor in (1.0, 2.0):
        with Recording() as recording:
            torch.ones(3).mul_(factor)
        works.append(recording.work)
    assert works[0] != works[1]
    with Recording(), pytest.raises(AssertionError, match="in a step"):
        torch.ones(()).item()
    with Recording(), pytest.raises(AssertionError, match="in a step"):
        torch.tensor([1.0])


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_replayed_steps_leave_what_plain_steps_leave(tmp_path: Path, optimizer: str) -> None:
    plain, sampler = stepper_of(tmp_path, optimizer)
    replayed = captured(stepper_of(tmp_path, optimizer)[0])
    for step in range(5):
        losses = [s.step(sampler.load(step)) for s in (plain, replayed)]
        assert losses[0].equal(losses[1])
    expected, found = everything(plain), everything(replayed)
    assert expected.keys() == found.keys()
    assert all(found[name].equal(tensor) for name, tensor in expected.items())


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_compiled_and_replayed_steps_on_the_devices_crops_leave_what_plain_ones_leave(
    tmp_path: Path, optimizer: str
) -> None:
    """All that CUDA does, but for the compiler's own rounding and the recording of kernels."""
    torch._dynamo.reset()
    plain, sampler = stepper_of(tmp_path, optimizer)
    whole = captured(stepper_of(tmp_path, optimizer)[0])
    compile_blocks(whole.network, "aot_eager")
    steps = range(4)
    crops = [
        device_batches(sampler, plain.recipe, Part(), steps, CPU, graph)
        for graph in (None, Replayed)
    ]
    for batches in zip(*crops, strict=True):
        losses = [s.step(b) for s, b in zip((plain, whole), batches, strict=True)]
        torch.testing.assert_close(*losses, atol=1e-6, rtol=1e-5)
    expected, found = everything(plain), everything(whole)
    assert expected.keys() == found.keys()
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor, atol=2e-5, rtol=1e-3)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_replayed_steps_go_on_from_a_saved_state(tmp_path: Path, optimizer: str) -> None:
    plain, sampler = stepper_of(tmp_path, optimizer)
    for step in range(3):
        plain.step(sampler.load(step))
    path = tmp_path / "last.state"
    save_state(path, plain.network, plain.average, plain.optimizer, Progress(step=3), {})
    resumed = captured(stepper_of(tmp_path, optimizer)[0])
    load_state(path, resumed.network, resumed.average, resumed.optimizer)
    for step in range(3, 6):
        for stepper in (plain, resumed):
            stepper.step(sampler.load(step))
    expected, found = everything(plain), everything(resumed)
    assert all(found[name].equal(tensor) for name, tensor in expected.items())


def test_a_batch_of_another_shape_is_not_replayed(tmp_path: Path) -> None:
    plain, sampler = stepper_of(tmp_path, "muon")
    replayed = captured(stepper_of(tmp_path, "muon")[0])
    whole = sampler.load(0)
    half = sampler.load(1, Part(0, 2))
    assert half.input.shape != whole.input.shape
    for batch in (whole, half):
        losses = [s.step(batch) for s in (plain, replayed)]
        assert losses[0].equal(losses[1])


def test_a_step_is_what_its_parts_say(tmp_path: Path) -> None:
    """PyTorch's own optimiser, clipping and interpolation, with plain numbers."""
    stepper, sampler = stepper_of(tmp_path, "adamw")
    network = copy.deepcopy(stepper.network)
    average = [p.detach().clone() for p in network.parameters()]
    settings = stepper.recipe.optimizer
    optimizer = torch.optim.AdamW(
        network.parameters(), betas=settings.betas, weight_decay=settings.weight_decay
    )
    for step in range(4):
        batch = sampler.load(step)
        stepper.step(batch)
        torch.manual_seed((stepper.recipe.run.seed * 1_000_003 + step) * 1009)
        rate = learning_rate(settings, step, stepper.recipe.run.steps)
        optimizer.param_groups[0]["lr"] = rate
        assert stepper.rate == rate
        optimizer.zero_grad()
        out, target = network(batch.input.float() / 255), batch.target.float() / 255
        stepper.loss(out, target).backward()
        nn.utils.clip_grad_norm_(network.parameters(), settings.clip_norm)
        optimizer.step()
        decay = min(settings.ema, (2 + step) / (11 + step))
        for kept, parameter in zip(average, network.parameters(), strict=True):
            kept.lerp_(parameter.detach(), 1 - decay)
    for mine, theirs in zip(stepper.parameters, network.parameters(), strict=True):
        torch.testing.assert_close(mine, theirs, atol=2e-6, rtol=1e-5)
    for own, theirs in zip(stepper.average.network.parameters(), average, strict=True):
        torch.testing.assert_close(own, theirs, atol=2e-6, rtol=1e-5)


def test_a_way_that_cannot_run_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert step_way(CPU, 1) == "plain"
    monkeypatch.setenv("SWINSR_STEP", "captured")
    with pytest.raises(DeviceError, match=r"SWINSR_STEP=captured cannot run: .* is on cpu"):
        step_way(CPU, 1)
    with pytest.raises(DeviceError, match="several processes"):
        step_way(CUDA, 2)
    with pytest.raises(DeviceError, match="use_checkpoint"):
        step_way(CUDA, 1, recomputes=True)
    assert step_way(CUDA, 1) == "captured"
    monkeypatch.setenv("SWINSR_STEP", "quick")
    with pytest.raises(ConfigError, match="choose from auto, plain, compiled, captured"):
        step_way(CPU, 1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA GPU")
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_a_gpus_captured_steps_come_near_plain_ones(
    tmp_path: Path, optimizer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SWINSR_BLOCK")
    losses = {}
    for way in ("plain", "captured"):
        monkeypatch.setenv("SWINSR_STEP", way)
        made, sampler = stepper_of(tmp_path, optimizer, {"drop_path_rate": 0.0})
        stepper = Stepper(made.network, made.recipe, CUDA, Part())
        losses[way] = torch.stack([stepper.step(sampler.load(step)) for step in range(6)])
    torch.testing.assert_close(losses["captured"], losses["plain"], atol=1e-4, rtol=1e-3)
