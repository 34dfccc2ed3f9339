"""What is to be done to every picture of a run: all the options, checked, in one value."""

import dataclasses
from typing import Any, Literal

from swinsr.cli.target import Target
from swinsr.cli.tiles import Tiles
from swinsr.errors import ConfigError
from swinsr.image.formats import format_named
from swinsr.image.limits import DEFAULT_MAX_PIXELS


@dataclasses.dataclass(frozen=True)
class Work:
    """The options of a run. Plain values only: worker processes get it as JSON.

    Attributes:
        model, device, precision, force: as for `swinsr.inference.Upscaler.from_pretrained`.
        task: "upscale", or what to restore: "denoise" or "jpeg".
        target: how large the results are.
        self_ensemble: the mean over eight flips and rotations.
        strength: share of the restoration that is taken, 0 to 1.
        max_pixels: inputs above it are refused.
        overwrite, skip_existing: what is done where an output is there.
        format: of the outputs, a name of `swinsr.image.formats.ALL`; None to go by the suffix.
        quality, lossless: of the encoder; None for its default.
        bits: per sample, 8, 16 or 32; None for those of the input.
        tiles: how large pictures are dealt with.
        strip_metadata: leave EXIF, XMP and resolution out.
    """

    model: str | None = None
    device: str = "auto"
    precision: str = "auto"
    force: bool = False
    task: Literal["upscale", "denoise", "jpeg"] = "upscale"
    target: Target = dataclasses.field(default_factory=Target)
    self_ensemble: bool = False
    strength: float = 1.0
    max_pixels: int = DEFAULT_MAX_PIXELS
    overwrite: bool = False
    skip_existing: bool = False
    format: str | None = None
    quality: int | None = None
    lossless: bool = False
    bits: int | None = None
    strip_metadata: bool = False
    tiles: Tiles = dataclasses.field(default_factory=Tiles)

    def __post_init__(self) -> None:
        """Refuse what contradicts itself before any picture is read.

        Raises:
            ConfigError: naming the options.
        """
        if self.overwrite and self.skip_existing:
            raise ConfigError("--overwrite and --skip-existing contradict each other; give one")
        if self.bits not in (None, 8, 16, 32):
            raise ConfigError(f"--bits is 8, 16 or 32, not {self.bits}")
        if self.lossless and self.quality is not None:
            raise ConfigError("--lossless and --quality contradict each other; give one")
        if self.format is None:
            return
        form = format_named(self.format)
        object.__setattr__(self, "format", form.name)
        self.check_format(form.name)

    def check_format(self, name: str) -> None:
        """Refuse an option that a format cannot honour.

        Raises:
            ConfigError: naming the option and the formats that can.
        """
        form = format_named(name)
        if self.lossless and form.name in ("JPEG", "AVIF", "HEIC", "GIF"):
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

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "Work":
        """What `to_plain` gave."""
        parts = {"target": Target(**plain["target"]), "tiles": Tiles(**plain["tiles"])}
        return cls(**{**plain, **parts})
