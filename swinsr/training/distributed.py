"""Several processes started by torchrun: who is who, and what they tell each other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn import Parameter

from swinsr.errors import ConfigError
from swinsr.training.data.sampler import Part
from swinsr.training.state import TrainingError

# Long enough for the first process to validate while the others wait.
TIMEOUT = timedelta(hours=2)


def part_of_environment() -> Part:
    """This process's place among those that torchrun started; alone without torchrun."""
    return Part(int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1")))


def local_device(name: str) -> str:
    """ "auto" and "cuda" as this process's own GPU where several processes share a machine.

    "auto" is a CUDA device or the CPU: training has not been held to anything on Metal.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    local = os.environ.get("LOCAL_RANK")
    if local is not None and name == "cuda" and torch.cuda.is_available():
        return f"cuda:{local}"
    return name


def check_share(part: Part, batch: int) -> None:
    """Refuse a batch that the processes cannot share evenly.

    Raises:
        ConfigError: data.batch is no multiple of the number of processes.
    """
    if batch % part.world:
        raise ConfigError(
            f"data.batch {batch} cannot be shared evenly by {part.world} processes; choose a "
            "multiple"
        )


@contextmanager
def process_group(part: Part, device: torch.device) -> Iterator[None]:
    """Connect the processes for as long as the block runs; nothing where there is one.

    Raises:
        TrainingError: another process ended or cannot be reached.
    """
    if part.world == 1:
        yield
        return
    if device.type == "cuda":
        torch.cuda.set_device(device)
    with told_as_loss_of_a_process(part):
        dist.init_process_group("nccl" if device.type == "cuda" else "gloo", timeout=TIMEOUT)
    try:
        with told_as_loss_of_a_process(part):
            yield
    finally:
        dist.destroy_process_group()


@contextmanager
def told_as_loss_of_a_process(part: Part) -> Iterator[None]:
    """Turn the connection's errors into a sentence."""
    try:
        yield
    except (dist.DistBackendError, dist.DistNetworkError, dist.DistStoreError) as error:
        raise _lost(part) from error
    except RuntimeError as error:
        # Gloo raises a plain RuntimeError from inside the backward pass.
        text = str(error)
        if not any(w in text for w in ("onnection", "gloo", "Broken pipe", "peer")):
            raise
        raise _lost(part) from error


def _lost(part: Part) -> TrainingError:
    return TrainingError(
        f"Another of the {part.world} training processes ended; the last checkpoint is whole: go "
        "on with --resume, with any number of processes"
    )


def mean_over_processes(values: Tensor, part: Part) -> Tensor:
    """The mean of each value over all processes."""
    if part.world > 1:
        dist.all_reduce(values)
        values /= part.world
    return values


def average_gradients(parameters: list[Parameter], part: Part) -> None:
    """Replace each gradient by its mean over all processes, in one exchange.

    The networks are small: what overlapping the exchange with the backward pass would gain is
    less than what many small exchanges would cost.
    """
    if part.world == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([g.flatten() for g in gradients])
    mean_over_processes(flat, part)
    parts = torch.split(flat, [g.numel() for g in gradients])
    for gradient, mean in zip(gradients, parts, strict=True):
        gradient.copy_(mean.view_as(gradient))


def any_process(flag: bool, part: Part, device: torch.device) -> bool:
    """Whether the flag is up in one of the processes at least."""
    if part.world == 1:
        return flag
    value = torch.tensor([float(flag)], device=device)
    dist.all_reduce(value)
    return bool(value.item() > 0)
