"""What a recipe says: one frozen dataclass a section, each checked on its own.

A recipe is a TOML file; its sections and keys are the classes and fields below, and
docs/training.md lists them. `swinsr.training.recipes.recipe` reads the file into a `Recipe`.
"""

from dataclasses import dataclass, field

from swinsr.degradations import Photo, RealWorld
from swinsr.models import HierarchicalConfig, RestorationConfig
from swinsr.training.recipes.checks import one_of, require
from swinsr.training.recipes.objective import (
    AdversarialSettings,
    LossSettings,
    OptimizerSettings,
    PerceptualSettings,
    TaskSettings,
)

PRECISIONS = ("auto", "float32", "bfloat16")
PLACES = ("auto", "host", "device")
INITS = ("plain", "interpolator")


@dataclass(frozen=True)
class RunSettings:
    """[run]: what holds for the whole run.

    Attributes:
        name: the run's name; its files go to `folder`/`name`.
        folder: where runs are kept.
        steps: optimiser steps in all; the most, where `minutes` ends the run.
        minutes: minutes in all, validation and saving included, over which the rate falls by the
            clock: a lease of 20 minutes ends cooled down. 0 for as long as the steps take.
        seed: everything random follows from it and from the step's number.
        device: "auto", "cpu", "cuda" or "cuda:N".
        precision: "float32", or "bfloat16" for autocast, weights staying float32; "auto" takes
            bfloat16 where the device multiplies it.
        threads: CPU threads of the arithmetic; 0 leaves torch's own choice.
        checkpoint_every: steps between checkpoints; one is also written at the end and on Ctrl-C.
        checkpoint_minutes: minutes after which a checkpoint is written in any case.
    """

    name: str = "run"
    folder: str = "runs"
    steps: int = 10_000
    minutes: float = 0.0
    seed: int = 0
    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    checkpoint_every: int = 1000
    checkpoint_minutes: float = 10.0

    def __post_init__(self) -> None:
        """Check."""
        one_of("run", "precision", self.precision, PRECISIONS)
        require(self.steps >= 1, "run.steps is at least 1")
        require(self.minutes >= 0, "run.minutes is 0 or above")
        require(0 <= self.seed < 2**31, "run.seed is 0 or above and below 2 ** 31")
        require(self.checkpoint_every >= 1, "run.checkpoint_every is at least 1")
        require(self.checkpoint_minutes > 0, "run.checkpoint_minutes is above 0")
        require(self.threads >= 0, "run.threads is 0 or above")
        require(bool(self.name) and "/" not in self.name, "run.name is one plain folder name")


@dataclass(frozen=True)
class InitSettings:
    """[init]: the weights of step 0.

    Attributes:
        mode: "interpolator" makes a fresh network start as a cubic interpolation (or, where the
            scale is 1, as the identity); "plain" is the published initialisation.
        from_file: weights whose tensors are taken where name and shape fit, the others starting as
            `mode` says; any file that `swinsr.checkpoints.load` reads; "" for none.
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
        train: folders of pictures; "scikit-image" stands for the photographs that come with it.
        keep: random crops of each picture that are kept in memory; 0 keeps pictures whole.
        keep_side: side of these crops, in pixels.
        patch: side of a crop in pixels of the network's input.
        batch: crops in a step, over all processes together.
        candidates: random crops of which the most textured one is taken; 1 takes any.
        flips: mirror at random.
        rotations: turn by a multiple of 90 degrees at random.
        recolour: share of crops with another order of channels, contrast, brightness, or negative.
        sizes: each picture is taken in these sizes too; (1.0, 0.8, 0.62, 0.48) makes more of few.
        workers: processes that prepare batches; 0 prepares them in a thread.
        prefetch: batches prepared ahead (of each worker, where there are workers).
        place: "device" keeps pictures or samples where the network trains and makes batches there;
            "host" makes them on the processor; "auto" is "device" on CUDA, where they fit.
        pool: samples of each place in the batch that are kept on the device, for tasks whose damage
            the processor does: all but "bicubic", "denoise" and "simmim".
        reuse: how often such a sample is drawn on average; with more, the processor has less to do.
        unreadable: "error", or "skip" to leave unreadable pictures out and tell their number.
    """

    train: tuple[str, ...] = ()
    keep: int = 0
    keep_side: int = 480
    patch: int = 32
    batch: int = 16
    candidates: int = 4
    flips: bool = True
    rotations: bool = True
    recolour: float = 0.0
    sizes: tuple[float, ...] = (1.0,)
    workers: int = 0
    prefetch: int = 4
    place: str = "auto"
    pool: int = 32
    reuse: int = 4
    unreadable: str = "error"

    def __post_init__(self) -> None:
        """Check."""
        require(bool(self.train), "data.train names at least one folder of pictures")
        for key in ("patch", "batch", "candidates", "prefetch", "pool", "reuse"):
            require(getattr(self, key) >= 1, f"data.{key} is at least 1")
        require(0 <= self.recolour <= 1, "data.recolour is a share in 0..1")
        require(
            bool(self.sizes) and all(0 < size <= 1 for size in self.sizes),
            "data.sizes are factors above 0, 1 at most",
        )
        require(self.workers >= 0, "data.workers is 0 or above")
        require(
            self.keep >= 0 and self.keep_side >= 1, "data.keep is 0 or above, keep_side above 0"
        )
        one_of("data", "place", self.place, PLACES)
        one_of("data", "unreadable", self.unreadable, ("error", "skip"))


@dataclass(frozen=True)
class ValidationSettings:
    """[validation]: whole pictures scored with the averaged weights.

    Attributes:
        folders: each holds HR/NAME.png (or the pictures themselves). For task "bicubic" the inputs
            are LR_bicubic/Xs/NAMExs.png where that folder is there; all other inputs are made. The
            first folder decides which checkpoint is the best.
        every: steps between validations; one is also made at the start and at the end.
        sigma: of the noise that inputs get, in 8-bit levels; for tasks "denoise" and "real".
        quality: of the JPEG that inputs go through; for tasks "jpeg", "compressed" and "real".
        picture: keep a picture of input, output and truth of each validation.
    """

    folders: tuple[str, ...] = ()
    every: int = 1000
    sigma: float = 25.0
    quality: int = 20
    picture: bool = True

    def __post_init__(self) -> None:
        """Check."""
        require(self.every >= 1, "validation.every is at least 1")
        require(self.sigma >= 0, "validation.sigma is 0 or above")
        require(1 <= self.quality <= 100, "validation.quality lies in 1..100")


@dataclass(frozen=True)
class LogSettings:
    """[log]: what is told along the way.

    Attributes:
        every: steps between lines of progress where the output is no terminal.
        tensorboard: write curves and pictures for TensorBoard; needs the extra `train`.
    """

    every: int = 200
    tensorboard: bool = False

    def __post_init__(self) -> None:
        """Check."""
        require(self.every >= 1, "log.every is at least 1")


@dataclass(frozen=True)
class Recipe:
    """A whole recipe.

    `network` holds the published constructor's keywords and `family`; the hierarchical families
    "swin" and "swinv2" are for task "simmim" alone. `real` is the pipeline of
    task "real" (`swinsr.degradations.RealWorld`), `photo` of task "photo"
    (`swinsr.degradations.Photo`).
    """

    network: RestorationConfig | HierarchicalConfig
    data: DataSettings
    run: RunSettings = field(default_factory=RunSettings)
    init: InitSettings = field(default_factory=InitSettings)
    task: TaskSettings = field(default_factory=TaskSettings)
    loss: LossSettings = field(default_factory=LossSettings)
    perceptual: PerceptualSettings = field(default_factory=PerceptualSettings)
    adversarial: AdversarialSettings = field(default_factory=AdversarialSettings)
    optimizer: OptimizerSettings = field(default_factory=OptimizerSettings)
    validation: ValidationSettings = field(default_factory=ValidationSettings)
    log: LogSettings = field(default_factory=LogSettings)
    real: RealWorld = field(default_factory=RealWorld)
    photo: Photo = field(default_factory=Photo)

    def __post_init__(self) -> None:
        """Check what more than one section decides."""
        require(self.network.in_chans in (1, 3), "Training takes network.in_chans 1 or 3")
        if isinstance(self.network, HierarchicalConfig):
            self._check_hierarchical(self.network)
        else:
            self._check_restoration(self.network)
        if self.task.name == "simmim":
            self._check_masks()
        if self.perceptual.weight or self.adversarial.share:
            self._check_crisp()

    @property
    def scale(self) -> int:
        """Factor of enlargement; 1 for hierarchical networks, which enlarge nothing."""
        return self.network.scale if isinstance(self.network, RestorationConfig) else 1

    def _check_restoration(self, network: RestorationConfig) -> None:
        require(
            self.data.patch % network.window_size == 0,
            f"data.patch {self.data.patch} is no multiple of network.window_size "
            f"{network.window_size}",
        )
        scale, task = network.scale, self.task.name
        if task in ("bicubic", "compressed"):
            require(scale > 1, f"Task {task!r} needs network.upscale above 1")
        if task in ("denoise", "jpeg"):
            require(scale == 1, f"Task {task!r} needs network.upscale 1")
        if network.upsampler == "pixelshuffle_aux":
            require(
                task in ("bicubic", "compressed", "simmim"),
                "Upsampler 'pixelshuffle_aux' needs task 'bicubic' or 'compressed', where the "
                "clean input is known",
            )

    def _check_crisp(self) -> None:
        upsampler = getattr(self.network, "upsampler", "")
        require(
            self.network.in_chans == 3
            and self.task.name != "simmim"
            and upsampler not in ("pixelshuffle_aux", "pixelshuffle_hf"),
            "[perceptual] and [adversarial] need a network that gives one RGB picture",
        )
        require(
            not self.adversarial.share or self.data.patch * self.scale % 8 == 0,
            f"[adversarial] needs crops whose side is a multiple of 8, not "
            f"{self.data.patch * self.scale}; change data.patch",
        )

    def _check_hierarchical(self, network: HierarchicalConfig) -> None:
        require(
            self.task.name == "simmim",
            f"network.family {network.family!r} has no head for task {self.task.name!r}; "
            "choose 'swinir' or 'swin2sr', or task 'simmim'",
        )
        require(network.num_classes == 0, "Task 'simmim' needs network.num_classes 0")
        require(
            self.init.mode == "plain",
            f"network.family {network.family!r} cannot start as an interpolator; set init.mode "
            "to 'plain'",
        )
        require(
            self.data.patch % network.stride == 0,
            f"data.patch {self.data.patch} is no multiple of {network.stride}, the last stage's "
            "stride",
        )

    def _check_masks(self) -> None:
        side, unit = self.task.mask_patch, 1
        if isinstance(self.network, HierarchicalConfig):
            unit = self.network.patch_size
        require(
            side % unit == 0,
            f"task.mask_patch {side} is no multiple of network.patch_size {unit}",
        )
        require(
            self.data.patch % side == 0 and self.data.patch > side,
            f"data.patch {self.data.patch} has to be a larger multiple of task.mask_patch {side}",
        )
