"""What a picture's header and a visitor's wishes come to: models, settings and size."""

import dataclasses
from dataclasses import dataclass

from swinsr.demo.catalogue import (
    AUTOMATIC,
    CRISP,
    DAMAGES,
    KINDS,
    Offer,
    crisp_name,
    find_offer,
    restoring,
)
from swinsr.demo.limits import Limits
from swinsr.demo.speeds import Speeds
from swinsr.demo.uploads import Upload
from swinsr.errors import ConfigError
from swinsr.files.choose import suited
from swinsr.files.engines import Engines, Suited
from swinsr.files.settings import Settings, Task
from swinsr.files.size import Size
from swinsr.inference.baselines import DEFAULT_SCALE

# Of a side that is asked for; a server allows far less.
LARGEST_SIDE = 10_000_000


@dataclass(frozen=True)
class Saving:
    """How a result is written.

    Attributes:
        format: "PNG", "JPEG", "WebP", "TIFF" or "BMP"; None for the upload's own where that loses
            nothing, else PNG, as `swinsr upscale` does.
        quality: 1 to 100, for JPEG and WebP.
    """

    format: str | None = None
    quality: int = 95


@dataclass(frozen=True)
class WantedSize:
    """How large a result becomes: a factor, or a width or height in pixels."""

    scale: float | None = None
    width: float | None = None
    height: float | None = None

    def settings(
        self, task: Task, saving: Saving, max_pixels: int, strength: float = 1.0
    ) -> Settings:
        """The settings of a run; `strength` is of a restoration.

        Raises:
            ConfigError: no size, or sizes of several kinds.
        """
        if sum(value is not None for value in (self.scale, self.width, self.height)) > 1:
            raise ConfigError("give only one of scale, width and height")
        sides = (self.width, self.height)
        if not all(side is None or 0.5 <= side <= LARGEST_SIDE for side in sides):
            raise ConfigError(f"a width or height is from 1 to {LARGEST_SIDE:,} pixels")
        width, height = (None if side is None else int(side + 0.5) for side in sides)
        return Settings(
            task=task,
            scale=self.scale,
            width=width,
            height=height,
            format=saving.format,
            quality=saving.quality,
            max_pixels=max_pixels,
            strength=strength,
        )


@dataclass(frozen=True)
class Chosen:
    """What is going to be done.

    Attributes:
        offers: the models, one after the other.
        suited: the same, not loaded.
        reason: why they were taken, for people; empty where nothing spoke for them.
        settings: of the run.
        target: the factor, and the size of the result.
    """

    offers: tuple[Offer, ...]
    suited: Suited
    reason: str
    settings: Settings
    target: Size

    @property
    def own(self) -> float:
        """The enlargement that is made where none is asked for."""
        return DEFAULT_SCALE if self.settings.model is None else self.offers[0].scale

    @property
    def name(self) -> str:
        """The models by name, as records have them."""
        return " + ".join(offer.name for offer in self.offers)

    def seconds(self, speeds: Speeds, pixels: int) -> float | None:
        """A guess at what it takes for a picture of so many pixels; None where nothing is known."""
        return speeds.relayed([offer.entry for offer in self.offers], self.target.scale, pixels)

    def models(self, engines: Engines) -> Suited:
        """The models, to be run."""
        return dataclasses.replace(self.suited, engines=engines)


def choose(
    upload: Upload, model: str, size: WantedSize, saving: Saving, limits: Limits, *, restores: bool,
    strength: float = 1.0,
) -> Chosen:  # fmt: skip
    """Decide from the header alone, as `swinsr upscale` does for the same settings.

    Args:
        upload: the picture.
        model: the name of an offer, or one of `KINDS`.
        size: of the result.
        saving: its format.
        limits: of the server.
        restores: whether models at the picture's own size are meant.
        strength: share of a restoration that is taken, 0 to 1.

    Raises:
        SwinsrError: it cannot be done, or would be too large.
    """
    height, width = upload.header.height, upload.header.width
    task: Task = "upscale" if not restores else restoring(model)
    settings = size.settings(task, saving, limits.max_pixels, strength)
    reason, own = "", DEFAULT_SCALE
    if model == CRISP:
        wanted = settings.target.size(height, width, own).scale
        model, reason = crisp_name(max(wanted, 1.0)), "a crisp result"
    if model not in KINDS:
        own = find_offer(model, restores=restores).scale
        settings = dataclasses.replace(settings, model=model)
    target = settings.target.size(height, width, own)
    if target.scale < 1:
        raise ConfigError(
            f"{upload.name}: {width} x {height} is larger than the size that is asked for; "
            "pictures are enlarged here"
        )
    limits.check_output(upload.name, *target.final)
    engines = Engines(settings)
    if model == AUTOMATIC:
        models = suited(engines, settings, upload.path, upload.header)
    else:
        models = Suited(engines, *DAMAGES.get(model, ("none", "")))
    offers = tuple(find_offer(name) for name in models.names(target.scale))
    return Chosen(offers, models, reason or models.why(target.scale), settings, target)
