"""What is known of a loaded checkpoint, as plain data for a person to read."""

from dataclasses import dataclass
from typing import Any

from swinsr.checkpoints.check import unrunnable
from swinsr.checkpoints.load import LoadedModel
from swinsr.models import RestorationConfig

TASKS = {
    "pixelshuffle": "classical_sr",
    "pixelshuffledirect": "lightweight_sr",
    "nearest+conv": "real_sr",
    "pixelshuffle_aux": "compressed_sr",
    "pixelshuffle_hf": "high_frequency_sr",
}


@dataclass(frozen=True)
class Description:
    """A checkpoint in a person's terms.

    Attributes:
        family: "swinir" or "swin2sr".
        task: such as "classical_sr"; from the metadata, else what the published networks with this
            head are for.
        scale: factor of enlargement.
        parameters: how many numbers were trained.
        config: the published keywords.
        inferred: settings that the file does not tell, each with the value taken and why.
        metadata: further texts from the file: data, training, licence.
        notes: sentences that a user should see.
    """

    family: str
    task: str
    scale: int
    parameters: int
    config: dict[str, Any]
    inferred: dict[str, str]
    metadata: dict[str, str]
    notes: tuple[str, ...] = ()


def describe(model: LoadedModel) -> Description:
    """Describe a loaded checkpoint."""
    config, inferred = model.config, dict(model.inferred)
    task = model.metadata.get("task")
    if task is None:
        task = task_of(config)
        inferred["task"] = f"{task}, which the published networks with this head are for"
    reason = unrunnable(config)
    notes = (*model.notes, f"it {reason}") if reason else model.notes
    shown = ("family", "config", "scale", "task", "format")
    return Description(
        family=config.family,
        task=task,
        scale=config.scale,
        parameters=sum(p.numel() for p in model.network.parameters()),
        config=config.to_dict(),
        inferred=inferred,
        metadata={k: v for k, v in sorted(model.metadata.items()) if k not in shown},
        notes=notes,
    )


def task_of(config: RestorationConfig) -> str:
    """What the published networks of this configuration are for."""
    if config.upsampler:
        return TASKS[config.upsampler]
    colour = "gray" if config.in_chans == 1 else "color"
    return f"{colour}_{'jpeg' if config.img_range == 255.0 else 'denoise'}"
