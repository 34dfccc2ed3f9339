"""Where workers leave tiles: a folder that they share, or a URL."""

import secrets
import socket
import zlib
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from swinsr.errors import ConfigError, ImageWriteError
from swinsr.install import install_extra
from swinsr.storage.atomic import flush_folder, write_problem
from swinsr.tiling import LocalTiles, RawFile, TileFiles

Array = NDArray[np.float32]


class TilePlace(TileFiles, Protocol):
    """Tiles by name, and that other machines can reach."""

    def check_reached(self) -> None:
        """Whether this process reaches it.

        Raises:
            SwinsrError: it does not.
        """
        ...


class SharedFolder(LocalTiles):
    """The output's work folder. A tile appears whole: a worker that should be dead may write it."""

    def check_reached(self) -> None:
        """Whether this process sees the folder."""
        if not self.folder.is_dir():
            raise ConfigError(
                f"{self.folder} is not seen on {socket.gethostname()}; write to a disk that all "
                "machines share, or name a URL for the tiles with --tiles"
            )

    def write(self, name: str, tile: Array) -> int:
        """Keep a tile; its CRC-32."""
        path = self.folder / name
        temporary = path.with_name(f"{name}.{secrets.token_hex(8)}")
        try:
            with RawFile(temporary, tile.shape, np.float32) as file:
                file.write(0, tile)
                file.sync()
            temporary.replace(path)
            flush_folder(self.folder)
        except OSError as error:
            temporary.unlink(missing_ok=True)
            raise ImageWriteError(write_problem(path, error)) from error
        return zlib.crc32(tile.data)


class TileUrl:
    """A folder that fsspec opens, as s3://bucket/tiles."""

    def __init__(self, url: str) -> None:
        """Nothing is opened yet: the value travels to the workers."""
        self._url = url

    def check_reached(self) -> None:
        """Whether the place takes a file."""
        name = f"reached-{secrets.token_hex(8)}"
        self.write(name, np.zeros((1, 1, 1), np.float32))
        self.remove(name)

    def write(self, name: str, tile: Array) -> int:
        """Keep a tile; its CRC-32."""
        system, path = self._at(name)
        with _errors(self._url):
            system.makedirs(path.rpartition("/")[0], exist_ok=True)
            system.pipe_file(path, tile.tobytes())
        return zlib.crc32(tile.data)

    def rows(self, name: str, shape: tuple[int, int, int], start: int, stop: int) -> Array:
        """Some rows of a tile."""
        system, path = self._at(name)
        size = 4 * shape[1] * shape[2]
        with _errors(self._url):
            data = system.cat_file(path, start=start * size, end=stop * size)
        return np.frombuffer(data, np.float32).reshape(stop - start, shape[1], shape[2])

    def checksum(self, name: str, shape: tuple[int, int, int]) -> int | None:
        """Of a tile; None where none of its size is there."""
        system, path = self._at(name)
        try:
            with _errors(self._url):
                data: bytes = system.cat_file(path)
        except FileNotFoundError:
            return None
        return zlib.crc32(data) if len(data) == 4 * shape[0] * shape[1] * shape[2] else None

    def remove(self, name: str) -> None:
        """Remove a tile, if it is there."""
        system, path = self._at(name)
        with _errors(self._url):
            if system.exists(path):
                system.rm_file(path)

    def _at(self, name: str) -> tuple[Any, str]:
        try:
            from fsspec.core import url_to_fs
        except ImportError as error:
            raise ConfigError(
                f"for tiles at a URL, fsspec has to be installed: {install_extra('ray')}"
            ) from error
        try:
            system, path = url_to_fs(self._url)
        except (ImportError, ValueError) as error:
            raise ConfigError(f"{self._url}: fsspec cannot open it ({error})") from error
        return system, f"{path.rstrip('/')}/{name}"


class _errors:
    """Around what a remote file system does: its errors in a sentence, but for a missing file."""

    def __init__(self, url: str) -> None:
        self._url = url

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: BaseException | None, trace: Any) -> None:
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            reason = error.strerror or str(error) or type(error).__name__
            raise ImageWriteError(
                f"{self._url}: tiles cannot be kept there ({reason}); check the URL and its "
                "permissions"
            ) from error
