"""Large files read in bands of rows by libvips, those kinds that come out as `read_image` gives.

docs/decisions/0005-banded-files.md has the measurements by which libvips was chosen.
"""

import importlib
import importlib.util
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from swinsr.image.formats import exif
from swinsr.image.formats.faults import DamagedError
from swinsr.image.formats.form import Format
from swinsr.image.formats.headers import read_header
from swinsr.image.formats.table import ALL
from swinsr.image.limits import DEFAULT_MAX_PIXELS, Limit
from swinsr.image.picture import Array, Metadata
from swinsr.image.read import bounded, own_errors
from swinsr.image.source import open_source

_BAND_BYTES = 1 << 23
_TYPES = {"uchar": np.uint8, "ushort": np.uint16, "float": np.float32}


@dataclass(frozen=True)
class BandedPicture:
    """A picture file that is decoded as its rows are asked for.

    Attributes:
        name: for messages.
        height, width: in pixels.
        channels: 1 gray or 3 RGB; alpha is not counted.
        has_alpha: whether the bands have one channel more.
        dtype: of the samples: uint8, uint16 or float32.
        metadata: profile, EXIF, XMP and resolution.
        source_format: as in `Image`.
        decode: starts at the top; see `bands`.
        notes: as in `Image`.
    """

    name: str
    height: int
    width: int
    channels: int
    has_alpha: bool
    dtype: np.dtype[Any]
    metadata: Metadata
    source_format: str
    decode: Callable[[], Iterator[Array]]
    notes: tuple[str, ...] = ()

    def bands(self) -> Iterator[Array]:
        """All rows from top to bottom, (n, width, channels + alpha) at a time.

        Raises:
            ImageReadError: the file is damaged or cut short.
        """
        with own_errors(self.name), _libvips_errors():
            yield from self.decode()


def open_bands(path: Path, *, max_pixels: int | None = DEFAULT_MAX_PIXELS) -> BandedPicture | None:
    """A file that can be read in bands; None for one that is to be read with `read_image`.

    That is a file of another format, one that is stored turned, interlaced, with a palette, in
    planes or in colours that are converted; and every file where libvips is not installed.

    Raises:
        ImageReadError: no such file, not a picture, or a damaged header.
        ImageTooLargeError: more than `max_pixels` pixels.
    """
    if importlib.util.find_spec("pyvips") is None:
        return None
    with open_source(path) as (name, stream), own_errors(name):
        header = read_header(stream)
        Limit(name, max_pixels).check(header.height, header.width)
        form = ALL[header.format]
        described = form.outline(stream) if form.vips_loader else None
        if described is None or not _is_upright(described[0]):
            return None
        metadata, notes = bounded(described[0])
        with _libvips_errors():
            picture = _open(form, path)
            if (picture.height, picture.width) != (header.height, header.width):
                raise DamagedError("it states two different sizes")
            if picture.format not in _TYPES or picture.bands > 4:
                return None
            return BandedPicture(
                name,
                picture.height,
                picture.width,
                3 if picture.bands >= 3 else 1,
                picture.bands in (2, 4),
                np.dtype(_TYPES[picture.format]),
                metadata,
                header.format,
                lambda: _decode(form, path),
                (*described[1], *notes),
            )


def _is_upright(metadata: Metadata) -> bool:
    try:
        return metadata.exif is None or exif.orientation_of(metadata.exif) == 1
    except DamagedError:
        return False  # reading it as a whole leaves the block out


def _open(form: Format, path: Path) -> Any:
    vips = importlib.import_module("pyvips")
    vips.cache_set_max(0)  # results of operations, kept for a next time that does not come
    # Damage in a JPEG is a warning; so are oddities that do no harm, which are read whole.
    options: dict[str, Any] = {"access": "sequential", "fail_on": "warning", **form.vips_options}
    return getattr(vips.Image, form.vips_loader)(str(path), **options)


def _decode(form: Format, path: Path) -> Iterator[Array]:
    vips = importlib.import_module("pyvips")
    picture = _open(form, path)
    dtype = _TYPES[picture.format]
    rows = max(_BAND_BYTES // (picture.width * picture.bands * np.dtype(dtype).itemsize), 1)
    region = vips.Region.new(picture)
    for top in range(0, picture.height, rows):
        height = min(rows, picture.height - top)
        data = region.fetch(0, top, picture.width, height)
        band: npt.NDArray[Any] = np.frombuffer(data, dtype)
        yield band.reshape(height, picture.width, picture.bands)


@contextmanager
def _libvips_errors() -> Iterator[None]:
    """Whatever libvips says is damage: it has one error for all.

    Raises:
        DamagedError: in its place.
    """
    vips = importlib.import_module("pyvips")
    try:
        yield
    except vips.Error as error:
        lines = [line for line in str(error.detail).splitlines() if line.strip()]
        raise DamagedError(lines[-1] if lines else str(error)) from error
