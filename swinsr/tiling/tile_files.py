"""Finished tiles as files of raw float32, by name."""

import zlib
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from swinsr.storage.atomic import flush_folder
from swinsr.tiling.raster import RawFile

Array = NDArray[np.float32]
Shape = tuple[int, int, int]


def tile_name(stage: str, number: int) -> str:
    """What a tile's file is called."""
    return f"tile-{stage}-{number}"


class TileFiles(Protocol):
    """Where tiles are kept between being computed and being blended."""

    def write(self, name: str, tile: Array) -> int:
        """Keep a tile, contiguous (h, w, C), so that it survives a power loss; its CRC-32."""
        ...

    def rows(self, name: str, shape: Shape, start: int, stop: int) -> Array:
        """Some rows of a tile of a shape."""
        ...

    def checksum(self, name: str, shape: Shape) -> int | None:
        """Its CRC-32; None where no tile of that shape is there."""
        ...

    def remove(self, name: str) -> None:
        """Remove a tile, if it is there."""
        ...


class LocalTiles:
    """Tiles in a folder."""

    def __init__(self, folder: Path) -> None:
        """`folder` is there."""
        self.folder = folder

    def write(self, name: str, tile: Array) -> int:
        """Keep a tile; its CRC-32."""
        with RawFile(self.folder / name, tile.shape, np.float32) as file:
            file.write(0, tile)
            file.sync()
        flush_folder(self.folder)
        return zlib.crc32(tile.data)

    def rows(self, name: str, shape: Shape, start: int, stop: int) -> Array:
        """Some rows of a tile."""
        with RawFile(self.folder / name, shape, np.float32, keep=True) as file:
            return file.rows(start, stop)

    def checksum(self, name: str, shape: Shape) -> int | None:
        """Of a tile; None where no file of its size is there."""
        path = self.folder / name
        height, width, channels = shape
        if not path.is_file() or path.stat().st_size != 4 * height * width * channels:
            return None
        with RawFile(path, shape, np.float32, keep=True) as file:
            return file.checksum(0, height)

    def remove(self, name: str) -> None:
        """Remove a tile, if it is there."""
        (self.folder / name).unlink(missing_ok=True)
