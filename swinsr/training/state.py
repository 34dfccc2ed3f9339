"""The training state on disk: one safetensors file with all that a resumed run needs.

Tensors are named "weights/...", "average/...", "optimizer/..." and "critic/..."; the header holds a
JSON text with the format's version, the step and the recipe. Everything random follows from the
recipe's seed and the step, so that no generator's state is kept.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save as serialised
from torch import Tensor, nn

from swinsr.errors import CheckpointReadError, SwinsrError, WeightsMismatchError
from swinsr.storage.atomic import write_whole
from swinsr.training.weights.ema import Average

VERSION = 1
MOMENTS = ("exp_avg", "exp_avg_sq", "step")


class TrainingError(SwinsrError):
    """A run that cannot go on: the loss is no number, the disk is full, a process is gone."""


class Stateful(Protocol):
    """What else a run trains: the discriminator."""

    def state(self) -> dict[str, Tensor]:
        """All that a resumed run needs, by name."""

    def load(self, tensors: Mapping[str, Tensor]) -> None:
        """Take what `state` gave; a RuntimeError where it is of another kind."""


@dataclass
class Progress:
    """Where a run stands.

    Attributes:
        step: steps done.
        seconds: spent in training, over all resumptions.
        best: highest validation score so far, in dB; None before the first.
        best_step: where it was reached.
    """

    step: int = 0
    seconds: float = 0.0
    best: float | None = None
    best_step: int = 0


def write_atomically(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Write a safetensors file beside its place, then move it there.

    Raises:
        TrainingError: no space or no permission; what was at `path` before stays as it was.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, serialised(tensors, metadata))
    except OSError as error:
        raise TrainingError(
            f"{path}: cannot be written ({error.strerror}); free space or choose another "
            "run.folder. The checkpoint before it is untouched"
        ) from error


def save_state(
    path: Path,
    network: nn.Module,
    average: Average,
    optimizer: torch.optim.Optimizer,
    progress: Progress,
    recipe: dict[str, Any],
    critic: Stateful | None = None,
) -> None:
    """Write all that a resumed run needs; see the module's docstring.

    Raises:
        TrainingError: it could not be written.
    """
    tensors: dict[str, Tensor] = {}
    for name, parameter in network.named_parameters():
        tensors[f"weights/{name}"] = parameter
        for moment, tensor in optimizer.state.get(parameter, {}).items():
            tensors[f"optimizer/{moment}/{name}"] = tensor
    for name, parameter in average.network.named_parameters():
        tensors[f"average/{name}"] = parameter
    if critic is not None:
        tensors |= {f"critic/{name}": tensor for name, tensor in critic.state().items()}
    header = {"version": VERSION, "recipe": recipe, "progress": vars(progress)}
    header["optimizer"] = type(optimizer).__name__
    tensors = {key: value.detach().cpu().contiguous() for key, value in tensors.items()}
    write_atomically(path, tensors, {"training": json.dumps(header)})


def load_state(
    path: Path,
    network: nn.Module,
    average: Average,
    optimizer: torch.optim.Optimizer,
    critic: Stateful | None = None,
) -> Progress:
    """Read a state back into a network, its average and its optimiser.

    Raises:
        CheckpointReadError: no such file, or one that is damaged or of another kind or version.
        WeightsMismatchError: it belongs to another network.
    """
    header, tensors = _read(path)
    parameters = dict(network.named_parameters())
    averages = dict(average.network.named_parameters())
    found = {k.removeprefix("weights/"): v for k, v in tensors.items() if k.startswith("weights/")}
    if {k: v.shape for k, v in found.items()} != {k: v.shape for k, v in parameters.items()}:
        raise WeightsMismatchError(
            f"{path}: belongs to another network than the recipe's; resume with the recipe it was "
            "made with, or start a run of another name"
        )
    made = header.get("optimizer", "AdamW")
    if made != type(optimizer).__name__:
        raise WeightsMismatchError(
            f"{path}: was made with {made} and the recipe's optimizer.name is another; resume with "
            "that one, or start a run of another name with init.from_file"
        )
    _load_critic(path, tensors, critic)
    with torch.no_grad():
        for name, parameter in parameters.items():
            parameter.copy_(tensors[f"weights/{name}"])
            averages[name].copy_(tensors[f"average/{name}"])
            if f"optimizer/step/{name}" in tensors:
                device = parameter.device
                optimizer.state[parameter] = {
                    moment: tensors[f"optimizer/{moment}/{name}"].to(device)
                    for moment in MOMENTS
                    if f"optimizer/{moment}/{name}" in tensors
                }
    progress = Progress(**header["progress"])
    if progress.best == float("-inf"):
        progress.best = None
    return progress


def _load_critic(path: Path, tensors: dict[str, Tensor], critic: Stateful | None) -> None:
    prefix = "critic/"
    found = {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}
    if critic is None:
        return
    try:
        critic.load(found)
    except RuntimeError as error:
        raise WeightsMismatchError(
            f"{path}: holds no discriminator of the recipe's adversarial.channels; start a run of "
            "another name with init.from_file"
        ) from error


def _read(path: Path) -> tuple[dict[str, Any], dict[str, Tensor]]:
    if not path.is_file():
        raise CheckpointReadError(f"{path}: there is no checkpoint to resume from")
    try:
        with safe_open(path, "pt") as file:
            text = (file.metadata() or {}).get("training")
            tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    except (SafetensorError, OSError) as error:
        raise CheckpointReadError(f"{path}: is damaged ({error})") from error
    header: dict[str, Any] = json.loads(text or "{}")
    if "version" not in header:
        raise CheckpointReadError(f"{path}: holds weights but no training state")
    if header.get("version") != VERSION:
        raise CheckpointReadError(
            f"{path}: was written in format {header.get('version')}, this program reads {VERSION}"
        )
    return header, tensors
