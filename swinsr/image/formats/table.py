"""The table of file formats. A new one is a folder here, and one line."""

from pathlib import Path

from swinsr.errors import ConfigError, ImageWriteError
from swinsr.image.formats.bmp import Bmp
from swinsr.image.formats.form import Format
from swinsr.image.formats.gif import Gif
from swinsr.image.formats.heif import Avif, Heic
from swinsr.image.formats.jpeg import Jpeg
from swinsr.image.formats.png import Png
from swinsr.image.formats.tiff import Tiff
from swinsr.image.formats.webp import WebP

DEFAULT_QUALITY = 95  # of encoders, 1 to 100
ALL: dict[str, Format] = {
    form.name: form
    for form in (Png(), Jpeg(), WebP(), Tiff(), Bmp(), Gif(), Avif(), Heic())
}  # fmt: skip
FORMATS = {suffix: form.name for form in ALL.values() for suffix in form.suffixes}


def output_format(path: Path) -> str:
    """The format that a file name asks for.

    Raises:
        ImageWriteError: the suffix is of no format that is written.
    """
    name = FORMATS.get(path.suffix.lower())
    if name is None:
        raise ImageWriteError(
            f"{path}: the suffix {path.suffix!r} names no format that can be written; "
            "end the name in .png, .jpg, .webp, .tif or .bmp, or add --format"
        )
    return name


def format_named(text: str) -> Format:
    """The format of a name or suffix, as a user writes it: `png`, `JPEG`, `.tif`.

    Raises:
        ConfigError: none of that name.
    """
    wanted = text.lower().removeprefix(".")
    for form in ALL.values():
        if wanted == form.name.lower() or "." + wanted in form.suffixes:
            return form
    names = ", ".join(form.suffixes[0][1:] for form in ALL.values())
    raise ConfigError(f"{text!r} is no format that can be written; take one of {names}")


def check_side(name: str, height: int, width: int, format_name: str) -> None:
    """Refuse a size that the format cannot hold, before any work is put into it.

    Raises:
        ImageWriteError: naming the limit and the formats that have none.
    """
    limit = ALL[format_name].side
    if max(height, width) > limit:
        raise ImageWriteError(
            f"{name}: {width} x {height} pixels are too many for {format_name}, which ends at "
            f"{limit} a side; write a .png or .tif instead"
        )
