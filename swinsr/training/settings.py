"""What a recipe says: one frozen dataclass a section, each checked on its own.

A recipe is a TOML file; its sections and keys are the classes and fields below, and
docs/training.md lists them. `swinsr.training.recipe` reads the file into a `Recipe`.
"""

from dataclasses import dataclass, field

from swinsr.errors import ConfigError
from swinsr.models import RestorationConfig

TASKS = ("bicubic",)
PRECISIONS = ("float32", "bfloat16")
INITS = ("plain", "interpolator")
LOSSES = ("l1",)
SCHEDULES = ("constant", "cosine", "step")


def require(holds: bool, sentence: str) -> None:
    """Raise a `ConfigError` with the sentence where a condition does not hold."""
    if not holds:
        raise ConfigError(sentence)


def one_of(section: str, key: str, value: str, choices: tuple[str, ...]) -> None:
    """Refuse a value that is not among the choices."""
    require(
        value in choices,
        f"{section}.{key} is {value!r}; choose from {', '.join(map(repr, choices))}.",
    )


@dataclass(frozen=True)
class RunSettings:
    """[run]: what holds for the whole run.

    Attributes:
        name: the run's name; its files go to `folder`/`name`.
        folder: where runs are kept.
        steps: optimiser steps in all.
        seed: everything random follows from it and from the step's number.
        device: "auto", "cpu", "cuda" or "cuda:N".
        precision: "float32", or "bfloat16" for autocast; weights stay float32.
        threads: CPU threads of the arithmetic; 0 leaves torch's own choice.
        checkpoint_every: steps between checkpoints; one is also written at the end and on Ctrl-C.
        checkpoint_minutes: minutes after which a checkpoint is written in any case.
    """

    name: str = "run"
    folder: str = "runs"
    steps: int = 10_000
    seed: int = 0
    device: str = "auto"
    precision: str = "bfloat16"
    threads: int = 0
    checkpoint_every: int = 1000
    checkpoint_minutes: float = 10.0

    def __post_init__(self) -> None:
        """Check."""
        one_of("run", "precision", self.precision, PRECISIONS)
        require(self.steps >= 1, "run.steps is at least 1.")
        require(self.seed >= 0, "run.seed is 0 or above.")
        require(self.checkpoint_every >= 1, "run.checkpoint_every is at least 1.")
        require(self.checkpoint_minutes > 0, "run.checkpoint_minutes is above 0.")
        require(self.threads >= 0, "run.threads is 0 or above.")
        require(bool(self.name) and "/" not in self.name, "run.name is one plain folder name.")


@dataclass(frozen=True)
class InitSettings:
    """[init]: the weights of step 0.

    Attributes:
        mode: "interpolator" makes a fresh network start as a cubic interpolation (or, where the
            scale is 1, as the identity); "plain" is the published initialisation.
        from_file: weights (safetensors) whose tensors are taken where name and shape fit, after
            `mode` has been applied to the others; "" for none.
    """

    mode: str = "interpolator"
    from_file: str = ""

    def __post_init__(self) -> None:
        """Check."""
        one_of("init", "mode", self.mode, INITS)


@dataclass(frozen=True)
class DataSettings:
    """[data]: pictures and how crops are cut from them.

    Attributes:
        train: folders of pictures, read whole into memory.
        patch: side of a crop in pixels of the network's input.
        batch: crops in a step, over all processes together.
        candidates: random crops of which the most textured one is taken; 1 takes any.
        flips: mirror at random.
        rotations: turn by a multiple of 90 degrees at random.
        workers: processes that prepare batches; 0 prepares them in a thread.
        prefetch: batches prepared ahead (of each worker, where there are workers).
        unreadable: "error", or "skip" to leave unreadable pictures out and tell their number.
    """

    train: tuple[str, ...] = ()
    patch: int = 32
    batch: int = 16
    candidates: int = 4
    flips: bool = True
    rotations: bool = True
    workers: int = 0
    prefetch: int = 4
    unreadable: str = "error"

    def __post_init__(self) -> None:
        """Check."""
        require(bool(self.train), "data.train names at least one folder of pictures.")
        for key in ("patch", "batch", "candidates", "prefetch"):
            require(getattr(self, key) >= 1, f"data.{key} is at least 1.")
        require(self.workers >= 0, "data.workers is 0 or above.")
        one_of("data", "unreadable", self.unreadable, ("error", "skip"))


@dataclass(frozen=True)
class TaskSettings:
    """[task]: what makes the network's input of a good picture.

    Attributes:
        name: one of `TASKS`.
    """

    name: str = "bicubic"

    def __post_init__(self) -> None:
        """Check."""
        one_of("task", "name", self.name, TASKS)


@dataclass(frozen=True)
class LossSettings:
    """[loss]: what is minimised.

    Attributes:
        name: one of `LOSSES`.
    """

    name: str = "l1"

    def __post_init__(self) -> None:
        """Check."""
        one_of("loss", "name", self.name, LOSSES)


@dataclass(frozen=True)
class OptimizerSettings:
    """[optimizer]: AdamW (arXiv:1711.05101), its schedule and the average of its weights.

    Attributes:
        lr: the highest learning rate.
        betas: decay of the first and second moment.
        weight_decay: decoupled; acts on every parameter.
        clip_norm: the gradient's norm is cut to this; 0 leaves it.
        warmup: steps over which the rate grows linearly from 0.
        schedule: "constant", "cosine" (to `final` times lr at the last step) or "step".
        final: what is left of lr at the end of the cosine.
        milestones: shares of all steps, in 0..1, at which "step" multiplies the rate by `gamma`.
        gamma: see `milestones`.
        ema: decay of the weights' exponential moving average, which is validated and exported.
    """

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0
    clip_norm: float = 0.5
    warmup: int = 200
    schedule: str = "cosine"
    final: float = 0.01
    milestones: tuple[float, ...] = (0.5, 0.8, 0.9, 0.95)
    gamma: float = 0.5
    ema: float = 0.998

    def __post_init__(self) -> None:
        """Check."""
        one_of("optimizer", "schedule", self.schedule, SCHEDULES)
        require(self.lr > 0, "optimizer.lr is above 0.")
        require(all(0 <= b < 1 for b in self.betas), "optimizer.betas lie in 0..1, 1 excluded.")
        require(0 <= self.ema < 1, "optimizer.ema is at least 0 and below 1.")
        require(self.warmup >= 0, "optimizer.warmup is 0 or above.")
        require(self.clip_norm >= 0, "optimizer.clip_norm is 0 or above.")
        require(self.weight_decay >= 0, "optimizer.weight_decay is 0 or above.")
        require(0 <= self.final <= 1, "optimizer.final lies in 0..1.")
        require(
            list(self.milestones) == sorted(self.milestones)
            and all(0 <= m <= 1 for m in self.milestones),
            "optimizer.milestones are shares of the run in 0..1, in rising order.",
        )


@dataclass(frozen=True)
class ValidationSettings:
    """[validation]: whole pictures scored with the averaged weights.

    Attributes:
        folders: each holds HR/NAME.png and, for super-resolution, LR_bicubic/Xs/NAMExs.png; the
            first one decides which checkpoint is the best.
        every: steps between validations; one is also made at the start and at the end.
    """

    folders: tuple[str, ...] = ()
    every: int = 1000

    def __post_init__(self) -> None:
        """Check."""
        require(self.every >= 1, "validation.every is at least 1.")


@dataclass(frozen=True)
class LogSettings:
    """[log]: what is told along the way.

    Attributes:
        every: steps between lines of progress where the output is no terminal.
    """

    every: int = 200

    def __post_init__(self) -> None:
        """Check."""
        require(self.every >= 1, "log.every is at least 1.")


@dataclass(frozen=True)
class Recipe:
    """A whole recipe; `network` holds the published constructor's keywords and `family`."""

    network: RestorationConfig
    data: DataSettings
    run: RunSettings = field(default_factory=RunSettings)
    init: InitSettings = field(default_factory=InitSettings)
    task: TaskSettings = field(default_factory=TaskSettings)
    loss: LossSettings = field(default_factory=LossSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    validation: ValidationSettings = field(default_factory=ValidationSettings)
    log: LogSettings = field(default_factory=LogSettings)

    def __post_init__(self) -> None:
        """Check what more than one section decides."""
        require(
            self.data.patch % self.network.window_size == 0,
            f"data.patch {self.data.patch} is no multiple of network.window_size "
            f"{self.network.window_size}.",
        )
        if self.task.name == "bicubic":
            require(self.network.scale > 1, "Task 'bicubic' needs network.upscale above 1.")
