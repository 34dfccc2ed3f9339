"""Bands of rows, cut anew."""

from collections.abc import Iterable, Iterator

import numpy as np

from swinsr.image.picture import Array


def regroup(bands: Iterable[Array], rows: int) -> Iterator[Array]:
    """The same rows, so many at a time; the last band may have fewer."""
    held: list[Array] = []
    count = 0
    for band in bands:
        held.append(band)
        count += len(band)
        if count < rows:
            continue
        joined = np.concatenate(held) if len(held) > 1 else held[0]
        whole = count // rows * rows
        for top in range(0, whole, rows):
            yield joined[top : top + rows]
        held, count = ([joined[whole:]], count - whole) if whole < count else ([], 0)
    if count:
        yield np.concatenate(held)
