"""What the user asked of a raster: every option in one value."""

import dataclasses
import math
from typing import Any, Literal, TypeAlias, get_args

from swinsr.errors import ConfigError
from swinsr.files.settings import Settings

Compression: TypeAlias = Literal["deflate", "zstd", "lzw", "none"]
RANGES = ("auto", "percentile", "none")
DEFAULT_OVERLAP = 64
MAX_SCALE = 64


@dataclasses.dataclass(frozen=True)
class RasterSettings:
    """The settings of a run over one raster. Plain values only: workers get them as they are.

    Attributes:
        scale: whole factor of enlargement; None for the model's own, else 4.
        model, fast, device, precision, force_float16, self_ensemble: as for
            `swinsr.files.Settings`.
        bands: numbers from 1, in the order of the output; None for all.
        gray: run every band by itself, and not three at a time.
        range: the values that are the network's 0 and 1: a pair for all bands; "percentile" for
            each band's own 0.1 and 99.9 percent; "none" for the type's limits, or 0 and 1 of
            floats; "auto" for "none" of uint8 and "percentile" of all others.
        nodata: the value that means none, in place of the file's.
        crs: of a raster that does not say its own: anything rasterio understands, or "none".
        window: (x, y, width, height) in pixels of the source; None for all of it.
        tile: side of a tile in source pixels, the overlap within it; None for what suits the model.
        overlap: pixels that neighbouring tiles share.
        compress: of the output.
        cog: write a cloud-optimised GeoTIFF.
        overwrite: replace an output that is there.
        resume: go on with what a stopped run finished.

    Raises:
        ConfigError: a value that is none.
    """

    scale: int | None = None
    model: str | None = None
    fast: bool = False
    device: str = "auto"
    precision: str = "auto"
    force_float16: bool = False
    self_ensemble: bool = False
    bands: tuple[int, ...] | None = None
    gray: bool = False
    range: str | tuple[float, float] = "auto"
    nodata: float | None = None
    crs: str | None = None
    window: tuple[int, int, int, int] | None = None
    tile: int | None = None
    overlap: int = DEFAULT_OVERLAP
    compress: Compression = "deflate"
    cog: bool = False
    overwrite: bool = False
    resume: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be before anything is opened."""
        if self.scale is not None and not 1 <= self.scale <= MAX_SCALE:
            raise ConfigError(
                f"the scale of a raster is a whole number from 1 to {MAX_SCALE}, not {self.scale}"
            )
        if self.bands is not None:
            if not self.bands or min(self.bands) < 1:
                raise ConfigError("bands are numbers from 1 on, as 4,3,2")
            if len(set(self.bands)) < len(self.bands):
                raise ConfigError("a band is named twice; name each once")
        if isinstance(self.range, tuple):
            low, high = self.range
            if not (math.isfinite(high - low) and low < high):
                raise ConfigError(f"--range is LOW,HIGH with LOW below HIGH, not {low:g},{high:g}")
        elif self.range not in RANGES:
            raise ConfigError(f"--range is LOW,HIGH or {' or '.join(RANGES)}, not {self.range!r}")
        if self.window is not None and (min(self.window[:2]) < 0 or min(self.window[2:]) < 1):
            raise ConfigError("--window is X,Y,WIDTH,HEIGHT in pixels of the source")
        if self.compress not in get_args(Compression):
            raise ConfigError(
                f"unknown compression {self.compress!r}; choose from "
                f"{', '.join(get_args(Compression))}"
            )
        self.for_model()

    def for_model(self) -> Settings:
        """The settings by which the model is loaded: a tile runs whole, or is refused.

        Raises:
            ConfigError: they contradict each other.
        """
        from swinsr.inference import Tiling

        Tiling("overlap", self.tile, self.overlap)
        return Settings(
            scale=self.scale,
            model=self.model,
            fast=self.fast,
            device=self.device,
            precision=self.precision,
            force_float16=self.force_float16,
            self_ensemble=self.self_ensemble,
            mode="exact",
        )

    def to_plain(self) -> dict[str, Any]:
        """As JSON can carry it."""
        return dataclasses.asdict(self)
