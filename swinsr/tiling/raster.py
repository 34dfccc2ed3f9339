"""Pictures that are read and written by rectangles and rows: in memory, or raw on a disk.

A raw file is read and written with calls, not mapped: mapped pages would count as the program's
memory.
"""

import os
import zlib
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
_CHECK_BYTES = 1 << 24


class ArraySource:
    """An array as a source."""

    def __init__(self, array: Array) -> None:
        """`array` is (H, W, C)."""
        self._array = array

    def read(self, rows: slice, columns: slice) -> Array:
        """The rectangle (h, w, C)."""
        return self._array[rows, columns]


class ArraySink:
    """An array as a sink."""

    def __init__(self, height: int) -> None:
        """Of so many rows; width, channels and type are those of the first band."""
        self._height = height
        self.array: Array = np.empty((0, 0, 0), np.float32)

    def write(self, top: int, band: Array) -> None:
        """Put rows in place."""
        if not self.array.size:
            self.array = np.empty((self._height, *band.shape[1:]), band.dtype)
        self.array[top : top + len(band)] = band

    def sync(self) -> None:
        """Nothing to wait for."""


class RawFile:
    """(H, W, C) samples of one type in rows, in a file; both a source and a sink."""

    def __init__(
        self, path: Path, shape: tuple[int, int, int], dtype: DTypeLike, *, keep: bool = False
    ) -> None:
        """Create the file, or open one that is there and `keep` what it holds.

        Raises:
            OSError: the place does not take it.
        """
        self.path, self.shape, self.dtype = path, shape, np.dtype(dtype)
        self.row_bytes = shape[1] * shape[2] * self.dtype.itemsize
        self._pixel_bytes = shape[2] * self.dtype.itemsize
        held = keep and path.exists()
        self._stream = path.open("r+b" if held else "w+b", buffering=0)

    def read(self, rows: slice, columns: slice) -> Array:
        """The rectangle (h, w, C).

        Raises:
            OSError: the file ends before it.
        """
        height, width = rows.stop - rows.start, columns.stop - columns.start
        out = np.empty((height, width, self.shape[2]), self.dtype)
        if width == self.shape[1]:
            self._fill(rows.start * self.row_bytes, out)
        else:
            for i in range(height):
                at = (rows.start + i) * self.row_bytes + columns.start * self._pixel_bytes
                self._fill(at, out[i])
        return out

    def rows(self, start: int, stop: int) -> Array:
        """Whole rows (h, W, C)."""
        return self.read(slice(start, stop), slice(0, self.shape[1]))

    def write(self, top: int, band: Array) -> None:
        """Put rows in place.

        Raises:
            OSError: the disk does not take them.
        """
        data = np.ascontiguousarray(band, self.dtype).reshape(-1).view(np.uint8).data
        self._stream.seek(top * self.row_bytes)
        while data:
            data = data[self._stream.write(data) :]

    def checksum(self, start: int, stop: int) -> int:
        """CRC-32 of rows, as they are in the file; fewer where it ends early."""
        self._stream.seek(start * self.row_bytes)
        left, value = (stop - start) * self.row_bytes, 0
        while left:
            data = self._stream.read(min(left, _CHECK_BYTES))
            if not data:
                break
            value = zlib.crc32(data, value)
            left -= len(data)
        return value

    def sync(self) -> None:
        """Wait until what was written survives a power loss."""
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()

    def __enter__(self) -> "RawFile":
        """For a with block."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Let go of the file."""
        self.close()

    def _fill(self, at: int, out: Array) -> None:
        self._stream.seek(at)
        view = out.reshape(-1).view(np.uint8).data
        while view:
            got = self._stream.readinto(view)
            if not got:
                raise OSError(f"{self.path} ends early")
            view = view[got:]
