"""Rasters for the tests, and a network so small that what is measured is what is around it."""

from pathlib import Path
from typing import Any

import numpy as np

LEFT, TOP, PIXEL = 500_000.123, 4_000_000.7, 10.0


def ground(bands: int = 4, height: int = 90, width: int = 130, seed: int = 0) -> np.ndarray:
    """Reflectances as uint16, smooth with texture, none of them 0."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = [2500 + 1100 * np.sin(x / 9 + band) + 900 * np.cos(y / 13) for band in range(bands)]
    return (np.stack(waves) + rng.integers(0, 300, (bands, height, width))).astype(np.uint16)


def write(path: Path, samples: np.ndarray, **options: Any) -> Path:
    """A GeoTIFF of (bands, height, width), in UTM with pixels of 10 m."""
    import rasterio
    from rasterio.transform import from_origin

    mask, describe = options.pop("mask", None), options.pop("describe", lambda dataset: None)
    profile = {
        "driver": "GTiff",
        "width": samples.shape[2],
        "height": samples.shape[1],
        "count": samples.shape[0],
        "dtype": samples.dtype.name,
        "crs": "EPSG:32633",
        "transform": from_origin(LEFT, TOP, PIXEL, PIXEL),
        **options,
    }
    with (
        rasterio.Env(GDAL_TIFF_INTERNAL_MASK=True),
        rasterio.open(path, "w", **profile) as dataset,
    ):
        describe(dataset)
        dataset.write(samples)
        if mask is not None:
            dataset.write_mask(mask)
    return path


def read(path: Path) -> np.ndarray:
    import rasterio

    with rasterio.open(path) as dataset:
        return dataset.read()


def nearest(plane: np.ndarray, scale: int) -> np.ndarray:
    return plane.repeat(scale, -2).repeat(scale, -1)
