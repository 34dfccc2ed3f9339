"""What a raster is: its grid, its bands, and what says which pixels hold nothing."""

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from swinsr.errors import ConfigError, ImageReadError, ImageTooLargeError
from swinsr.raster.grid import Grid
from swinsr.raster.packages import CACHE_BYTES, gdal, gdal_errors, need_rasterio
from swinsr.raster.settings import RasterSettings

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

# What GDAL and the TIFF format count pixels of a side with.
LARGEST_SIDE = 2**31 - 1
# Blocks of 512 pixels a side that a tile of 512 overlaps, and what hundreds of bands may take.
_TOUCHED, _MOST_CACHE_BYTES = 9, 256 << 20
_OWN_DOMAINS = ("IMAGE_STRUCTURE", "DERIVED_SUBDATASETS", "RPC", "GEOLOCATION", "SUBDATASETS")


@dataclasses.dataclass(frozen=True)
class Band:
    """One band and all that is said of it.

    Attributes:
        number: in the source, from 1.
        colour: its interpretation, as "red"; "undefined" where it has none.
        description, unit, scale, offset, tags: as the file has them.
        palette: colours by value, of a band whose values are indices.
    """

    number: int
    colour: str
    description: str | None
    unit: str | None
    scale: float
    offset: float
    tags: dict[str, str]
    palette: dict[int, tuple[int, ...]] | None = None


@dataclasses.dataclass(frozen=True)
class Scene:
    """A raster, or a window of one, as it is going to be read.

    Attributes:
        name: by which it is opened and called.
        grid: of the window.
        left, top: of the window, in pixels of the file.
        bands: that are enlarged, in order.
        alpha: the band that says how opaque pixels are; None without one.
        masked: whether a mask beside the bands says which pixels hold something.
        dtype: of the samples.
        nodata: the value that means none; None where no value does.
        interleave: "pixel" or "band".
        tags: of the file, by domain; the unnamed one is "".
        notes: what of it could not be kept.
    """

    name: str
    grid: Grid
    left: int
    top: int
    bands: tuple[Band, ...]
    alpha: Band | None
    masked: bool
    dtype: np.dtype[Any]
    nodata: float | None
    interleave: str
    tags: dict[str, dict[str, str]]
    notes: tuple[str, ...] = ()

    @property
    def has_mask(self) -> bool:
        """Whether one channel beside the bands says which pixels hold something."""
        return self.masked or self.alpha is not None

    @property
    def has_codes(self) -> bool:
        """Whether each band has pixels of its own that hold nothing."""
        return self.nodata is not None or self.dtype.kind == "f"


@contextmanager
def opened(name: str) -> Iterator["DatasetReader"]:
    """The raster for reading, with GDAL's cache bounded.

    Raises:
        ImageReadError: it is not there, or no raster.
    """
    rasterio = need_rasterio()
    with gdal():
        try:
            dataset = rasterio.open(name)
        except gdal_errors() as error:
            raise ImageReadError(f"{name}: it cannot be read as a raster ({error})") from error
        with dataset, rasterio.Env(GDAL_CACHEMAX=_cache_for(dataset)):
            yield dataset


def _cache_for(dataset: "DatasetReader") -> int:
    """Bytes in which the blocks that a tile touches fit, with all bands of each."""
    sizes = {"complex_int16": 4}  # which NumPy does not have
    blocks: int = sum(
        height * width * (sizes.get(kind) or np.dtype(kind).itemsize)
        for (height, width), kind in zip(dataset.block_shapes, dataset.dtypes, strict=True)
    )
    return max(CACHE_BYTES, min(_TOUCHED * blocks, _MOST_CACHE_BYTES))


def look_at(name: str, settings: RasterSettings) -> Scene:
    """What is going to be read of a raster.

    Raises:
        ImageReadError: it is not there, or no raster.
        ConfigError: a band, window or value that it does not have; numbers no network takes.
        ImageTooLargeError: the result's sides would be beyond what a file counts.
    """
    with opened(name) as dataset:
        return _scene(dataset, name, settings)


def _scene(dataset: "DatasetReader", name: str, settings: RasterSettings) -> Scene:
    from rasterio.enums import ColorInterp, MaskFlags

    inside = [name for name in dataset.subdatasets if name != dataset.name]
    if not dataset.count:
        named = f"; name one of those inside, as {inside[0]}" if inside else ""
        raise ConfigError(f"{name}: it has no bands itself{named}")
    colours = dataset.colorinterp
    if ColorInterp.palette in colours and settings.model != "nearest":
        raise ConfigError(
            f"{name}: its values are indices of a palette, between which nothing lies; use --model "
            "nearest"
        )
    alpha = next((i + 1 for i, c in enumerate(colours) if c == ColorInterp.alpha), None)
    numbers = settings.bands or tuple(n for n in dataset.indexes if n != alpha)
    for number in numbers:
        if number not in dataset.indexes:
            raise ConfigError(
                f"{name}: there is no band {number}; it has {dataset.count}, counted from 1"
            )
    numbers = tuple(number for number in numbers if number != alpha)
    if not numbers:
        raise ConfigError(f"{name}: its only band is alpha; name another with --bands")
    dtype = _dtype(dataset, name, numbers if alpha is None else (*numbers, alpha))
    notes = [f"only its first raster is taken of {len(inside)}"] if len(inside) > 1 else []
    grid, left, top = _grid(dataset, name, settings, notes)
    return Scene(
        name=name,
        grid=grid,
        left=left,
        top=top,
        bands=tuple(_band(dataset, number) for number in numbers),
        alpha=None if alpha is None else _band(dataset, alpha),
        masked=alpha is None and MaskFlags.per_dataset in dataset.mask_flag_enums[0],
        dtype=dtype,
        nodata=_nodata(dataset, dtype, settings, notes),
        interleave=str(dataset.profile.get("interleave", "pixel")),
        tags=_tags(dataset, notes),
        notes=tuple(notes),
    )


def _dtype(dataset: "DatasetReader", name: str, numbers: tuple[int, ...]) -> np.dtype[Any]:
    kinds = {dataset.dtypes[number - 1] for number in numbers}
    if len(kinds) > 1:
        raise ConfigError(
            f"{name}: its bands are of several types ({', '.join(sorted(kinds))}); choose bands of "
            "one type with --bands"
        )
    kind = kinds.pop()
    if not kind.startswith(("uint", "int", "float")):
        raise ConfigError(f"{name}: samples are integers or floats, not {kind}")
    dtype: np.dtype[Any] = np.dtype(kind)
    return dtype


def _grid(
    dataset: "DatasetReader", name: str, settings: RasterSettings, notes: list[str]
) -> tuple[Grid, int, int]:
    from rasterio.crs import CRS
    from rasterio.errors import CRSError

    grid = Grid.of(dataset)
    if settings.crs not in (None, "none"):
        try:
            grid = dataclasses.replace(grid, crs=CRS.from_user_input(settings.crs))
        except CRSError as error:
            raise ConfigError(f"--crs {settings.crs}: no such coordinate system") from error
    elif grid.crs is None and grid.rpcs is None and settings.crs is None:
        missing = "coordinate system (CRS)" if grid.is_tied else "georeference"
        raise ConfigError(
            f"{name}: it has no {missing}; name one with --crs EPSG:CODE, or go on without with "
            "--crs none"
        )
    if grid.is_turned:
        notes.append("its rows do not run along an axis of the ground; the result's are the same")
    x, y, width, height = settings.window or (0, 0, grid.width, grid.height)
    if x + width > grid.width or y + height > grid.height:
        raise ConfigError(
            f"{name}: the window {x},{y},{width},{height} reaches beyond its "
            f"{grid.width}x{grid.height} pixels"
        )
    largest = max(width, height) * (settings.scale or 1)
    if largest > LARGEST_SIDE:
        raise ImageTooLargeError(
            f"{name}: the result would be {largest:,} pixels a side, and a file has at most "
            f"{LARGEST_SIDE:,}; use a smaller scale or --window"
        )
    return grid.windowed(x, y, width, height), x, y


def _nodata(
    dataset: "DatasetReader", dtype: np.dtype[Any], settings: RasterSettings, notes: list[str]
) -> float | None:
    given = settings.nodata if settings.nodata is not None else dataset.nodata
    if given is None:
        return None
    if dtype.kind == "f":
        return float(given)
    limits = np.iinfo(dtype)
    if float(given).is_integer() and limits.min <= given <= limits.max:
        return int(given)
    if settings.nodata is not None:
        raise ConfigError(f"--nodata {given:g}: no value of {dtype}")
    notes.append(f"its nodata value {given:g} is none of {dtype} and is left out")
    return None


def _band(dataset: "DatasetReader", number: int) -> Band:
    index = number - 1
    colour = dataset.colorinterp[index].name
    tags = {k: v for k, v in dataset.tags(number).items() if not k.startswith("STATISTICS_")}
    return Band(
        number,
        colour,
        dataset.descriptions[index],
        dataset.units[index],
        dataset.scales[index],
        dataset.offsets[index],
        tags,
        dataset.colormap(number) if colour == "palette" else None,
    )


def _tags(dataset: "DatasetReader", notes: list[str]) -> dict[str, dict[str, str]]:
    tags = {"": dataset.tags()}
    for domain in dataset.tag_namespaces():
        if ":" in domain:  # a document, which rasterio would take apart at its first "="
            notes.append(f"its {domain.partition(':')[2]} metadata is left out")
        elif domain not in _OWN_DOMAINS:
            tags[domain] = dataset.tags(ns=domain)
    return tags
