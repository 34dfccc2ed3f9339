"""Where the tiles of a picture lie: aligned to the network's windows, alike in size, overlapping.

Along one axis, with two tiles A and B and the pixels that both see:

    A  |-----------------------|
    B              |-----------------------|
        context of B->|  ramp  |<-context of A     (a quarter, a half, a quarter of the overlap)

In the ramp the result goes over from A to B; of the context nothing is used, as what a network
makes of pixels near a tile's edge is not what it makes of them within the picture. Tiles begin at
multiples of the window, so that the windows are those of the whole picture.
"""

from dataclasses import dataclass
from math import ceil

from swinsr.errors import ConfigError


@dataclass(frozen=True)
class Piece:
    """One tile along one axis, in input pixels: read `start`..`stop`, kept `first`..`last`."""

    start: int
    stop: int
    first: int
    last: int


@dataclass(frozen=True)
class TilePlan:
    """Tiles in rows and columns; tile `number` counts along the rows.

    Attributes:
        rows, columns: the pieces of each axis; neighbours' kept parts share the ramp.
    """

    rows: tuple[Piece, ...]
    columns: tuple[Piece, ...]

    @property
    def height(self) -> int:
        """Of the picture, in input pixels."""
        return self.rows[-1].stop

    @property
    def width(self) -> int:
        """Of the picture, in input pixels."""
        return self.columns[-1].stop

    @property
    def tiles(self) -> int:
        """How many there are."""
        return len(self.rows) * len(self.columns)

    def piece(self, number: int) -> tuple[Piece, Piece]:
        """A tile's place: its row and its column."""
        row, column = divmod(number, len(self.columns))
        return self.rows[row], self.columns[column]

    def area(self, number: int) -> int:
        """Pixels that the function is given for a tile: what it costs."""
        row, column = self.piece(number)
        return (row.stop - row.start) * (column.stop - column.start)

    def finished(self, row: int) -> tuple[int, int]:
        """The input rows whose result is final once the tiles of rows 0..`row` are there."""
        top = self.rows[row].first
        bottom = self.rows[row].last if row + 1 == len(self.rows) else self.rows[row + 1].first
        return top, bottom


def plan_tiles(height: int, width: int, *, tile: int, overlap: int, align: int = 1) -> TilePlan:
    """Cover a picture with tiles of nearly equal size.

    Args:
        height: of the picture, in pixels.
        width: likewise.
        tile: largest side of a tile, the overlap within it; rounded down to `align`, but never
            so far that tiles do not advance.
        overlap: pixels that neighbours share; rounded up to `align`.
        align: tiles begin at multiples of it: the network's window.

    Raises:
        ConfigError: a tile below 1, or an overlap that is negative.
    """
    if tile < 1 or overlap < 0 or align < 1:
        raise ConfigError(
            f"a tile has at least 1 pixel and an overlap at least 0, not {tile} and {overlap}"
        )
    overlap = ceil(overlap / align) * align
    tile = max(tile // align * align, overlap + align)
    return TilePlan(
        _pieces(height, tile, overlap, align),
        _pieces(width, tile, overlap, align),
    )


def _pieces(length: int, tile: int, overlap: int, align: int) -> tuple[Piece, ...]:
    if length <= tile:
        return (Piece(0, length, 0, length),)
    count = ceil((length - overlap) / (tile - overlap))
    # Alike in size, so that the last is no sliver.
    stride = ceil((length - overlap) / count / align) * align
    starts = [k * stride for k in range(count) if k == 0 or k * stride + overlap < length]
    half = overlap // 4
    # Where one tile hands over to the next: the middle of what both see.
    middles = [0, *(start + overlap // 2 for start in starts[1:]), length]
    last = len(starts) - 1
    return tuple(
        Piece(
            start,
            length if k == last else start + stride + overlap,
            middles[k] - (half if k else 0),
            middles[k + 1] + (half if k < last else 0),
        )
        for k, start in enumerate(starts)
    )
