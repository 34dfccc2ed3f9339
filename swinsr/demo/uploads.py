"""From the path that a client sent to a picture: inside the folder, small enough, readable."""

import io
from dataclasses import dataclass
from pathlib import Path

from swinsr.demo.folder import Folder
from swinsr.demo.limits import Limits
from swinsr.demo.names import safe_name
from swinsr.errors import ImageReadError, ImageTooLargeError
from swinsr.image import Header, Image, probe_image, read_image


class _Named(io.BytesIO):
    """A file's bytes under the name that messages shall use: never the path on the server."""

    def __init__(self, data: bytes, name: str) -> None:
        super().__init__(data)
        self.name = name


@dataclass(frozen=True)
class Upload:
    """One file of a visitor, its header checked, nothing decoded yet.

    Attributes:
        path: where it lies.
        name: what it is called in messages and results; safe.
        header: format and size as stored.
    """

    path: Path
    name: str
    header: Header
    limits: Limits

    def read(self) -> Image:
        """The picture, decoded.

        Raises:
            ImageReadError: damaged, cut short, or gone.
            ImageTooLargeError: more pixels inside than the header says.
        """
        stream = _Named(_bytes(self.path, self.name), self.name)
        return read_image(stream, max_pixels=self.limits.max_pixels)


def open_upload(path: str | None, folder: Folder, limits: Limits) -> Upload:
    """Check an upload by its size and header.

    Args:
        path: as the client sent it; None where it sent nothing.
        folder: where it must lie.
        limits: bytes and pixels.

    Raises:
        ImageReadError: nothing sent, not an upload, or no picture.
        ImageTooLargeError: too many bytes or pixels.
    """
    if not path:
        raise ImageReadError("there is no picture yet; choose one first")
    real = folder.check_inside(path)
    name = safe_name(real.name)
    size = real.stat().st_size
    if size > limits.max_bytes:
        raise ImageTooLargeError(
            f"{name}: the file has {size / 1e6:.0f} MB, and this server takes at most "
            f"{limits.max_bytes / 1e6:.0f} MB"
        )
    header = probe_image(_Named(_bytes(real, name), name))
    limits.check_input(name, header.height, header.width)
    return Upload(real, name, header, limits)


def _bytes(path: Path, name: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ImageReadError(
            f"{name}: the picture is no longer on the server; upload it again"
        ) from error
