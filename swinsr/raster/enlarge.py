"""A tile of a raster through the network, with what the network must not see led around it."""

import dataclasses

import numpy as np
from numpy.typing import NDArray

from swinsr.image import bleed_colour
from swinsr.image.resize.matlab import imresize
from swinsr.inference.engine import Engine
from swinsr.raster.scene import Band
from swinsr.runtime.progress import silent

FloatArray = NDArray[np.float32]
_RGB = ("red", "green", "blue")


def groups_of(bands: tuple[Band, ...], *, gray: bool) -> tuple[tuple[int, ...], ...]:
    """Which bands go through the network together: three as its colours, or one as gray.

    Red, green and blue go together in that order, whatever theirs; the others three by three, and
    what is left over by itself.

    Returns:
        Indices into `bands`, each once.
    """
    places = range(len(bands))
    if gray:
        return tuple((i,) for i in places)
    colours = [bands[i].colour for i in places]
    named: tuple[int, ...] = ()
    if all(colours.count(colour) == 1 for colour in _RGB):
        named = tuple(colours.index(colour) for colour in _RGB)
    others = [i for i in places if i not in named]
    whole = len(others) - len(others) % 3
    threes = [tuple(others[i : i + 3]) for i in range(0, whole, 3)]
    return tuple(filter(None, [named, *threes, *((i,) for i in others[whole:])]))


@dataclasses.dataclass(frozen=True)
class Enlarger:
    """Enlarges what `swinsr.raster.source.SceneSource` reads.

    Attributes:
        engine: the network, or interpolation.
        scale: of enlargement.
        bands: how many there are.
        codes, mask: whether each band's codes follow, and one mask.
        groups: bands that go through the network together.
    """

    engine: Engine
    scale: int
    bands: int
    codes: bool
    mask: bool
    groups: tuple[tuple[int, ...], ...]

    def __call__(self, planes: FloatArray) -> FloatArray:
        """(h, w, C) -> (h * scale, w * scale, C): bands by the network, codes and mask by nearest.

        Raises:
            NotEnoughMemoryError: for so large a tile.
        """
        height, width = planes.shape[:2]
        size = (height * self.scale, width * self.scale)
        out = np.zeros((*size, planes.shape[2]), np.float32)
        empty = self._empty(planes)
        for group in map(list, self.groups):
            if all(empty[band].all() for band in group):
                continue
            values = np.stack([_filled(planes[..., band], empty[band]) for band in group], axis=2)
            out[..., group] = self._enlarged(values, size)
        nearest = planes[..., self.bands :]
        out[..., self.bands :] = nearest.repeat(self.scale, axis=0).repeat(self.scale, axis=1)
        return out

    def _empty(self, planes: FloatArray) -> list[NDArray[np.bool_]]:
        """Of each band, the pixels that hold no value."""
        empty = np.zeros((self.bands, *planes.shape[:2]), bool)
        if self.mask:
            empty |= planes[..., -1] == 0
        if self.codes:
            for band in range(self.bands):
                empty[band] |= planes[..., self.bands + band] != 0
        return list(empty)

    def _enlarged(self, values: FloatArray, size: tuple[int, int]) -> FloatArray:
        """Bands that hold values everywhere, (h, w, 1 or 3)."""
        if not self.engine.tileable:  # interpolation takes any number
            return self.engine.enlarge(values, float(self.scale), size, silent)
        within = np.clip(values, 0.0, 1.0)
        out = self.engine.enlarge(within, float(self.scale), size, silent)
        beyond = values - within
        if beyond.any():
            # Linear: nothing that stands out is given an echo with the other sign.
            out = out + imresize(beyond, size=size, kernel="bilinear")
        return out


def _filled(values: FloatArray, empty: NDArray[np.bool_]) -> FloatArray:
    """A band with values from around where it has none."""
    if not empty.any():
        return values
    weight = (~empty).astype(np.float32)
    return bleed_colour(np.ascontiguousarray(values)[..., None], weight)[..., 0]
