"""The package that rasters need beyond the program's own."""

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from swinsr.errors import ConfigError
from swinsr.install import install_extra

# GDAL's own default is a share of the machine's memory. Small rasters fill this one too.
CACHE_BYTES = 32 << 20


def need_rasterio() -> Any:
    """Import rasterio.

    Raises:
        ConfigError: it is not installed.
    """
    try:
        import rasterio
    except ImportError as error:
        raise ConfigError(
            f"for rasters, rasterio has to be installed: {install_extra('raster')}"
        ) from error
    return rasterio


def gdal_errors() -> tuple[type[Exception], ...]:
    """What rasterio raises: errors of its own, and GDAL's as they come."""
    from rasterio._err import CPLE_BaseError
    from rasterio.errors import RasterioError

    return RasterioError, CPLE_BaseError


@contextmanager
def gdal() -> Iterator[None]:
    """Around whatever reads or writes rasters: a bounded cache, and no chatter.

    What GDAL logs comes as an exception too, or is found when the result is read again.
    """
    rasterio = need_rasterio()
    logger = logging.getLogger("rasterio")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES):
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            yield
    finally:
        logger.setLevel(before)
