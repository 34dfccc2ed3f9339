"""A raster as the network is to see it: windows of numbers in 0..1, and what each pixel is."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ImageReadError
from swinsr.raster.packages import gdal_errors
from swinsr.raster.scene import Scene, opened
from swinsr.raster.values import VALUE, Span, codes_of

if TYPE_CHECKING:
    from rasterio.io import DatasetReader

Array = NDArray[Any]
FloatArray = NDArray[np.float32]
# Windows from which percentiles are taken, a side of the raster, and their own side and stride.
_SAMPLES, _SIDE, _STRIDE = 8, 256, 4


class SceneSource:
    """Windows of a scene, each (h, w, bands + codes + mask) float32.

    The bands in the network's numbers, 0 where a pixel holds none; then, where the scene has
    codes, one a band (`swinsr.raster.values`); then, where it has a mask, that: alpha in its own
    numbers, or 0 and 1.
    """

    def __init__(self, dataset: "DatasetReader", scene: Scene, spans: tuple[Span, ...]) -> None:
        """Of an open raster."""
        self._dataset, self._scene, self._spans = dataset, scene, spans

    def read(self, rows: slice, columns: slice) -> FloatArray:
        """A rectangle, in pixels of the scene's window.

        Raises:
            ImageReadError: the file is damaged there, or holds numbers beyond float32.
        """
        values, codes, mask = read_window(self._dataset, self._scene, rows, columns)
        planes = []
        for band, span in enumerate(self._spans):
            unit = span.to_unit(np.where(codes[band] == 0, values[band], np.float64(span.low)))
            if not np.isfinite(unit).all():
                raise ImageReadError(
                    f"{self._scene.name}: some values lie too far from the others for a network; "
                    "if these mean nodata, name them with --nodata"
                )
            planes.append(unit if mask is None else np.where(mask > 0, unit, np.float32(0)))
        if self._scene.has_codes:
            planes += [code.astype(np.float32) for code in codes]
        if mask is not None:
            planes.append(mask.astype(np.float32))
        return np.stack(planes, axis=2)


def read_window(
    dataset: "DatasetReader", scene: Scene, rows: slice, columns: slice
) -> tuple[Array, NDArray[np.uint8], Array | None]:
    """A rectangle: samples (B, h, w), what each is (B, h, w), and the mask (h, w) or None.

    Raises:
        ImageReadError: the file is damaged there.
    """
    from rasterio.windows import Window

    window = Window(
        scene.left + columns.start,
        scene.top + rows.start,
        columns.stop - columns.start,
        rows.stop - rows.start,
    )
    numbers = [band.number for band in scene.bands]
    try:
        values = dataset.read(numbers, window=window)
        mask: Array | None = None
        if scene.alpha is not None:
            mask = dataset.read(scene.alpha.number, window=window)
        elif scene.masked:
            mask = dataset.read_masks(numbers[0], window=window) > 0
    except gdal_errors() as error:
        raise ImageReadError(
            f"{scene.name}: it is damaged, or not all there ({error.__cause__ or error})"
        ) from error
    return values, codes_of(values, scene.nodata), mask


@contextmanager
def source_of(scene: Scene, spans: tuple[Span, ...]) -> Iterator[SceneSource]:
    """The source, its file open.

    Raises:
        ImageReadError: it cannot be opened.
    """
    with opened(scene.name) as dataset:
        yield SceneSource(dataset, scene, spans)


def survey(scene: Scene) -> tuple[Array, ...]:
    """Values of each band, from windows spread over it; from all of it where these are empty.

    Raises:
        ImageReadError: no pixel holds a value.
    """
    with opened(scene.name) as dataset:
        found = _values(dataset, scene, _spread(scene))
        if not any(values.size for values in found):
            found = _first_values(dataset, scene)
    return found


def _first_values(dataset: "DatasetReader", scene: Scene) -> tuple[Array, ...]:
    grid = scene.grid
    for top in range(0, grid.height, _SIDE):
        for left in range(0, grid.width, _SIDE):
            place = (
                slice(top, min(top + _SIDE, grid.height)),
                slice(left, min(left + _SIDE, grid.width)),
            )
            found = _values(dataset, scene, [place], stride=1)
            if any(values.size for values in found):
                return found
    raise ImageReadError(
        f"{scene.name}: no pixel holds a value; all are nodata or masked, and nothing is left to "
        "enlarge"
    )


def _values(
    dataset: "DatasetReader",
    scene: Scene,
    places: list[tuple[slice, slice]],
    stride: int = _STRIDE,
) -> tuple[Array, ...]:
    held: list[list[Array]] = [[] for _ in scene.bands]
    for rows, columns in places:
        values, codes, mask = read_window(dataset, scene, rows, columns)
        for band, kept in enumerate(held):
            valid = codes[band] == VALUE if mask is None else (codes[band] == VALUE) & (mask > 0)
            valid = valid[::stride, ::stride]
            kept.append(values[band][::stride, ::stride][valid])
    return tuple(np.concatenate(kept) for kept in held)


def _spread(scene: Scene) -> list[tuple[slice, slice]]:
    return [
        (rows, columns)
        for rows in _along(scene.grid.height)
        for columns in _along(scene.grid.width)
    ]


def _along(length: int) -> list[slice]:
    if length <= _SAMPLES * _SIDE:
        return [slice(start, min(start + _SIDE, length)) for start in range(0, length, _SIDE)]
    starts = (round(k * (length - _SIDE) / (_SAMPLES - 1)) for k in range(_SAMPLES))
    return [slice(start, start + _SIDE) for start in starts]
