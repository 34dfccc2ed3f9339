"""The finished pixels as a GeoTIFF: tiled, with overviews, or cloud-optimised by GDAL's driver."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ImageWriteError
from swinsr.image.formats.quiet import quiet_descriptor
from swinsr.raster.grid import Grid
from swinsr.raster.packages import gdal, gdal_errors, need_rasterio
from swinsr.raster.scene import Scene
from swinsr.tiling import RawFile

if TYPE_CHECKING:
    from rasterio.io import DatasetReader, DatasetWriter
    from rasterio.windows import Window

Array = NDArray[Any]
BLOCK = 512
# Bytes that are read, written and compared at a time.
_WINDOW_BYTES = 1 << 22
_RGB = ("red", "green", "blue")
# Predictors of libtiff: differences of integers, and of a float's bytes.
_PREDICTORS = {"u": 2, "i": 2, "f": 3}


def write_raster(
    path: Path,
    raw: RawFile,
    scene: Scene,
    grid: Grid,
    *,
    compress: str,
    cog: bool,
    resampling: str,
    target: Path,
    progress: Callable[[float], None],
) -> Path:
    """Write the file, read it again, and compare.

    Args:
        path: to be written; what is beside it under the same stem is overwritten.
        raw: (height, width, bands and, where there is one, the mask), in the scene's type.
        scene: what it was made of.
        grid: of the result.
        compress: "deflate", "zstd", "lzw" or "none".
        cog: cloud-optimised.
        resampling: of the overviews: "average" or "nearest".
        target: what messages call it.
        progress: notified with the share done.

    Returns:
        The file that was written: `path`, or one beside it.

    Raises:
        ImageWriteError: GDAL cannot write it, or what is read again is not what was written, as
            on a full disk, of which GDAL may say nothing.
    """
    rasterio = need_rasterio()
    try:
        with quiet_descriptor(), gdal(), rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True):
            with rasterio.open(path, "w", **_profile(scene, grid, compress)) as dataset:
                _describe(dataset, scene, grid)
                _fill(dataset, raw, scene, lambda share: progress(0.5 * share))
            factors = _factors(grid)
            if factors:
                with rasterio.open(path, "r+") as dataset:
                    method = rasterio.enums.Resampling[resampling]
                    dataset.build_overviews(factors, method)
            progress(0.7)
            if cog:
                path = _as_cog(path, compress)
            progress(0.8)
            with rasterio.open(path) as dataset:
                _compare(dataset, raw, scene, len(factors))
    except gdal_errors() as error:
        raise _unwritten(target, str(error.__cause__ or error)) from error
    except _Differs as error:
        raise _unwritten(target, str(error)) from error
    progress(1.0)
    return path


class _Differs(Exception):
    """What is read again is not what was written."""


def _unwritten(target: Path, reason: str) -> ImageWriteError:
    return ImageWriteError(
        f"{target}: GDAL could not write it ({reason.rstrip('.')}); check that the disk has room, "
        "and run the same command again"
    )


def _profile(scene: Scene, grid: Grid, compress: str) -> dict[str, Any]:
    profile = {
        "driver": "GTiff",
        "width": grid.width,
        "height": grid.height,
        "count": len(scene.bands) + (scene.alpha is not None),
        "dtype": scene.dtype.name,
        "crs": grid.crs,
        "nodata": scene.nodata,
        "tiled": True,
        "blockxsize": BLOCK,
        "blockysize": BLOCK,
        "compress": compress,
        "interleave": scene.interleave if scene.interleave in ("pixel", "band") else "pixel",
        "bigtiff": "IF_SAFER",
        "num_threads": "ALL_CPUS",
        "photometric": _photometric(scene),
    }
    if compress != "none":
        profile["predictor"] = _PREDICTORS[scene.dtype.kind]
    if scene.alpha is not None:
        profile["alpha"] = "unspecified"
    if not grid.gcps:
        profile["transform"] = grid.transform
    return profile


def _photometric(scene: Scene) -> str:
    if scene.bands[0].palette is not None:
        return "PALETTE"
    colours = tuple(band.colour for band in scene.bands[:3])
    return "RGB" if colours == _RGB else "MINISBLACK"


def _describe(dataset: "DatasetWriter", scene: Scene, grid: Grid) -> None:
    """Everything but pixels, before the first of these is written."""
    from rasterio.enums import ColorInterp

    bands = [*scene.bands, *([scene.alpha] if scene.alpha is not None else [])]
    dataset.colorinterp = [ColorInterp[band.colour] for band in bands]
    for index, band in enumerate(bands, 1):
        if band.description:
            dataset.set_band_description(index, band.description)
        if band.unit:
            dataset.set_band_unit(index, band.unit)
        if band.palette is not None:
            dataset.write_colormap(index, band.palette)
        if band.tags:
            dataset.update_tags(index, **band.tags)
    if any((band.scale, band.offset) != (1.0, 0.0) for band in bands):
        dataset.scales = [band.scale for band in bands]
        dataset.offsets = [band.offset for band in bands]
    for domain, tags in scene.tags.items():
        if domain:
            dataset.update_tags(ns=domain, **tags)
        else:
            dataset.update_tags(**tags)
    if grid.gcps:
        dataset.gcps = (list(grid.gcps), grid.crs)
    if grid.rpcs is not None:
        dataset.rpcs = grid.rpcs


def _fill(
    dataset: "DatasetWriter", raw: RawFile, scene: Scene, progress: Callable[[float], None]
) -> None:
    bands = dataset.count
    for rows, columns, window in _windows(raw):
        samples = raw.read(rows, columns)
        dataset.write(np.moveaxis(samples[..., :bands], 2, 0), window=window)
        if scene.masked:
            dataset.write_mask(samples[..., -1] != 0, window=window)
        progress(rows.stop / raw.shape[0])


def _windows(raw: RawFile) -> Iterator[tuple[slice, slice, "Window"]]:
    """Whole blocks, side by side as far as the memory goes."""
    from rasterio.windows import Window

    height, width, channels = raw.shape
    block = BLOCK * BLOCK * channels * raw.dtype.itemsize
    across = BLOCK * max(_WINDOW_BYTES // block, 1)
    for top in range(0, height, BLOCK):
        rows = slice(top, min(top + BLOCK, height))
        for left in range(0, width, across):
            columns = slice(left, min(left + across, width))
            yield rows, columns, Window.from_slices(rows, columns)


def _factors(grid: Grid) -> list[int]:
    """Each half the one before, until one block holds all of it."""
    factors, factor = [], 2
    while max(grid.height, grid.width) * 2 > BLOCK * factor:
        factors.append(factor)
        factor *= 2
    return factors


def _as_cog(path: Path, compress: str) -> Path:
    import rasterio.shutil

    result = path.with_name(f"{path.stem}-cog.tif")
    options = {
        "compress": compress,
        "blocksize": BLOCK,
        "overviews": "AUTO",
        "bigtiff": "IF_SAFER",
        "num_threads": "ALL_CPUS",
    }
    if compress != "none":
        options["predictor"] = "YES"
    rasterio.shutil.copy(path, result, driver="COG", **options)
    path.unlink()
    return result


def _compare(dataset: "DatasetReader", raw: RawFile, scene: Scene, overviews: int) -> None:
    """Read what was written, every block of it, and its overviews."""
    bands = dataset.count
    for rows, columns, window in _windows(raw):
        samples = raw.read(rows, columns)
        written = np.moveaxis(dataset.read(window=window), 0, 2)
        same = np.array_equal(written, samples[..., :bands], equal_nan=written.dtype.kind == "f")
        if same and scene.masked:
            mask = dataset.dataset_mask(window=window)
            same = np.array_equal(mask != 0, samples[..., -1] != 0)
        if not same:
            raise _Differs("the file that was written does not hold what it should")
    if any(len(dataset.overviews(band)) != overviews for band in dataset.indexes):
        raise _Differs("the file that was written has not all of its overviews")
    for level in range(overviews):
        with need_rasterio().open(dataset.name, overview_level=level) as overview:
            for _, window in overview.block_windows(1):
                overview.read(window=window)
