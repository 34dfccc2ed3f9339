"""What the user asked of a run: every option, of command, page and library, in one value."""

import dataclasses
from typing import Any, Literal, TypeAlias, get_args

from swinsr.errors import ConfigError, check_number
from swinsr.files.size import Fit, SizeOptions
from swinsr.image.formats.table import DEFAULT_QUALITY, format_named
from swinsr.image.limits import DEFAULT_MAX_PIXELS

Task: TypeAlias = Literal["upscale", "denoise", "jpeg"]
AUTO = "auto"  # the model that suits, by name
MARKS = {"denoise": "_denoised", "jpeg": "_restored"}


_NUMBERS = (
    "sharpness",
    *("scale", "width", "height", "max_side", "strength", "quality", "max_pixels"),
    *("tile", "overlap", "memory"),
)


@dataclasses.dataclass(frozen=True)
class Settings:
    """The settings of a run. Plain values only: worker processes get them as JSON.

    Attributes:
        task: "upscale", or what to restore: "denoise" or "jpeg".
        fast: take the quicker of the bundled models, for slightly less.
        sharpness: take the crisp model, 1, or one between it and the faithful one that it
            continues, down to 0; None for the one that suits.
        best: reach scales that are no model's by a further pass, however long that takes.
        model, device, precision, force_float16: as for `swinsr.Upscaler.from_pretrained`; without
            a model, or with "auto", the bundled one that suits picture, task and scale.
        scale, width, height, max_side, fit: of the result; see `swinsr.files.size.SizeOptions`.
        self_ensemble: the mean over eight flips and rotations.
        strength: share of a restoration that is taken, 0 to 1.
        format: of the outputs, as "png"; None to go by the suffix.
        quality: of the encoder, 1 to 100; None for 95.
        lossless: keep every pixel, where the format has to be told.
        bits: per sample, 8, 16 or 32; None for those of the input.
        strip_metadata: leave EXIF, XMP and resolution out.
        max_pixels: inputs above it are refused.
        overwrite, skip_existing: what is done where an output is there.
        mode, tile, overlap, memory: of large pictures; see `swinsr.inference.Tiling`.
        resume: go on with what a stopped run finished of a picture in tiles.

    Raises:
        ConfigError: a value that is none, or values that contradict each other.
    """

    task: Task = "upscale"
    model: str | None = None
    fast: bool = False
    sharpness: float | None = None
    best: bool = False
    device: str = "auto"
    precision: str = "auto"
    force_float16: bool = False
    scale: float | None = None
    width: int | None = None
    height: int | None = None
    max_side: int | None = None
    fit: Fit = "inside"
    self_ensemble: bool = False
    strength: float = 1.0
    format: str | None = None
    quality: int | None = None
    lossless: bool = False
    bits: int | None = None
    strip_metadata: bool = False
    max_pixels: int = DEFAULT_MAX_PIXELS
    overwrite: bool = False
    skip_existing: bool = False
    mode: str = "auto"
    tile: int | None = None
    overlap: int | None = None
    memory: int | None = None
    resume: bool = True

    def __post_init__(self) -> None:
        """Refuse what contradicts itself before any picture is read."""
        for name in _NUMBERS:
            check_number(name, getattr(self, name))
        if self.task not in get_args(Task):
            raise ConfigError(
                f"unknown task {self.task!r}; choose from {', '.join(get_args(Task))}"
            )
        if self.model == AUTO:
            object.__setattr__(self, "model", None)
        target = self.target  # which checks itself
        if self.task != "upscale" and (self.scale not in (None, 1) or target.sized):
            raise ConfigError(f"{self.task} keeps a picture's size; leave scale and sizes out")
        if not 0.0 <= self.strength <= 1.0:
            raise ConfigError(f"strength is between 0 and 1, not {self.strength:g}")
        if self.strength < 1 and self.task == "upscale":
            raise ConfigError("strength is of a restoration; leave it out to upscale")
        if self.fast and self.model is not None:
            raise ConfigError("--fast and --model contradict each other; give one")
        if self.sharpness is not None:
            self._check_sharpness(self.sharpness)
        if self.overwrite and self.skip_existing:
            raise ConfigError("--overwrite and --skip-existing contradict each other; give one")
        if self.bits not in (None, 8, 16, 32):
            raise ConfigError(f"--bits is 8, 16 or 32, not {self.bits}")
        if self.quality is not None and not 1 <= self.quality <= 100:
            raise ConfigError(f"quality is between 1 and 100, not {self.quality}")
        if self.lossless and self.quality is not None:
            raise ConfigError("--lossless and --quality contradict each other; give one")
        if self.format is not None:
            form = format_named(self.format)
            object.__setattr__(self, "format", form.name)
            self.check_format(form.name)

    def _check_sharpness(self, sharpness: float) -> None:
        if not 0.0 <= sharpness <= 1.0:
            raise ConfigError(f"sharpness is between 0 and 1, not {sharpness:g}")
        if self.task != "upscale":
            raise ConfigError("sharpness is of an enlargement; leave it out to restore")
        if self.fast:
            raise ConfigError("--sharpness and --fast contradict each other; give one")
        from swinsr.zoo import crisp_model

        crisp = crisp_model().name
        if self.model not in (None, crisp):
            raise ConfigError(f"--sharpness is of {crisp} alone; leave it or --model out")

    @property
    def target(self) -> SizeOptions:
        """How large the results are."""
        return SizeOptions(self.scale, self.width, self.height, self.max_side, self.fit)

    @property
    def encoder_quality(self) -> int:
        """1 to 100."""
        return DEFAULT_QUALITY if self.quality is None else self.quality

    def mark(self, own: float) -> str:
        """What is added to an input's name, such as `_x4`; `own` is the model's enlargement."""
        return MARKS.get(self.task) or self.target.mark(own)

    def check_format(self, name: str) -> None:
        """Refuse a setting that a format cannot honour.

        Raises:
            ConfigError: naming the setting and the formats that can.
        """
        form = format_named(name)
        if self.lossless and not form.exact:
            raise ConfigError(f"{form.name} is not written without loss; use --format png or webp")
        if self.bits is not None and self.bits not in form.depths:
            most = {8: "png or tif", 16: "png or tif", 32: "tif"}[self.bits]
            raise ConfigError(
                f"{form.name} has no {self.bits} bits a sample; leave --bits out or use --format "
                f"{most}"
            )

    def to_plain(self) -> dict[str, Any]:
        """As JSON can carry it."""
        return dataclasses.asdict(self)
