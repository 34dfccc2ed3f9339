"""Where a picture comes from: a path, bytes in memory, or an open file; one view of all three."""

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, TypeAlias, cast

from swinsr.errors import ImageReadError

ImageSource: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO


@contextmanager
def open_source(source: ImageSource) -> Iterator[tuple[str, BinaryIO]]:
    """A name for messages and a seekable binary stream; a stream that was given stays open.

    Raises:
        ImageReadError: nothing there, a folder, a device, no permission, or no bytes.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        yield "the given data", _not_empty("the given data", io.BytesIO(source))
    elif isinstance(source, (str, os.PathLike)):
        name = os.fspath(source)
        try:
            stream = _open(Path(source))
        except (OSError, ValueError) as error:
            raise ImageReadError(_why(name, error)) from error
        with stream:
            yield name, _not_empty(name, stream)
    else:
        name = str(getattr(source, "name", "the given stream"))
        data = source.read()
        if not isinstance(data, bytes):
            raise ImageReadError(f"{name}: it is open as text; open it in binary mode")
        yield name, _not_empty(name, io.BytesIO(data))


def _open(path: Path) -> BinaryIO:
    kind = path.stat().st_mode
    if stat.S_ISDIR(kind):
        raise IsADirectoryError
    if stat.S_ISFIFO(kind):
        return io.BytesIO(path.read_bytes())
    if not stat.S_ISREG(kind):
        raise ValueError("it is a device and not a file")
    return cast(BinaryIO, path.open("rb"))


def _not_empty(name: str, stream: BinaryIO) -> BinaryIO:
    if not stream.read(1):
        raise ImageReadError(f"{name}: the file is empty (0 bytes); copy or download it again")
    stream.seek(0)
    return stream


def _why(name: str, error: Exception) -> str:
    if isinstance(error, IsADirectoryError):
        return f"{name}: this is a folder, not a picture; name the files in it"
    if isinstance(error, (FileNotFoundError, NotADirectoryError)):
        return f"{name}: there is no such file; check the name and the folder"
    if isinstance(error, PermissionError):
        return f"{name}: reading it is not permitted; change its permissions or its owner"
    reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{name}: it cannot be opened ({reason}); check the name and the disk"
