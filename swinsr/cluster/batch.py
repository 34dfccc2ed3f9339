"""Pictures as arrays, for pipelines of Ray Data: a class that `map_batches` takes as it is."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from swinsr.files.engines import Engines
from swinsr.files.settings import Settings

Array = NDArray[Any]


class Upscaling:
    """Enlarges one column of a dataset's batches; the others go through as they are.

    ds.map_batches(
        Upscaling,
        fn_constructor_kwargs={"settings": Settings(scale=2)},
        batch_size=8,
        compute=ActorPoolStrategy(size=2),
    )
    """

    def __init__(self, settings: Settings | None = None, column: str = "image") -> None:
        """Load the model once, in the actor.

        Args:
            settings: the model, the scale, the device.
            column: with the pictures, (H, W), (H, W, 1 to 4) uint8, uint16 or float32 in 0..1.

        Raises:
            SwinsrError: the model cannot be had.
        """
        self._settings, self._column = settings or Settings(), column
        engines = Engines(self._settings)
        engines.check()
        self._upscaler = engines.get(self._settings.scale)

    def __call__(self, batch: dict[str, Array]) -> dict[str, Array]:
        """A batch in NumPy's format, its pictures of one size or of several.

        Raises:
            SwinsrError: an array that is no picture.
        """
        pictures = batch[self._column]
        # Batches are read-only: they lie in the store that all workers share.
        bigger = [self._upscaler(np.array(picture), self._settings.scale) for picture in pictures]
        return {**batch, self._column: _column(bigger)}


def _column(pictures: list[Array]) -> Array:
    """One array where sizes agree, else an array of arrays."""
    if len({picture.shape for picture in pictures}) == 1:
        return np.stack(pictures)
    column = np.empty(len(pictures), dtype=object)
    for index, picture in enumerate(pictures):
        column[index] = picture
    return column
