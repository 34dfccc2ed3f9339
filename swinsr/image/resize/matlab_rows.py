"""`imresize`, some rows of the result at a time: for pictures that are never whole in memory."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ConfigError
from swinsr.image.resize.matlab import Image, Taps, find_taps, resize_axis

FloatArray = NDArray[np.float32]


class RowResize:
    """Any rows of what `imresize(picture, size=size, kernel=kernel)` gives for a float picture."""

    def __init__(
        self, before: tuple[int, int], size: tuple[int, int], *, kernel: str = "bicubic"
    ) -> None:
        """From (height, width) `before` to `size`.

        Raises:
            ConfigError: a size that is not positive.
        """
        if min(*before, *size) < 1:
            raise ConfigError(f"the size {size} to resize to must be positive")
        self._scales = (size[0] / before[0], size[1] / before[1])
        self._same = (before[0] == size[0], before[1] == size[1])
        self._down = find_taps(before[0], size[0], self._scales[0], kernel)
        self._across = find_taps(before[1], size[1], self._scales[1], kernel)

    def rows(self, start: int, stop: int, read: Callable[[int, int], Image]) -> FloatArray:
        """Rows start..stop of the result.

        Args:
            start, stop: in the result.
            read: gives rows (n, width, C) of the picture, float32, from one number to another.
        """
        if self._same[0]:
            first, last = start, stop
            taps = None
        else:
            indices = self._down.indices[:, start:stop]
            first, last = int(indices.min()), int(indices.max()) + 1
            taps = Taps(indices - first, np.ascontiguousarray(self._down.weights[:, start:stop]))
        band = np.ascontiguousarray(read(first, last), np.float32)
        # The axis that shrinks most first, as there.
        for axis in sorted((0, 1), key=lambda axis: self._scales[axis]):
            if axis == 0 and taps is not None:
                band = resize_axis(band, 0, taps)
            elif axis == 1 and not self._same[1]:
                band = resize_axis(band, 1, self._across)
        return band
