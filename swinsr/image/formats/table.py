"""The file formats: their names, suffixes and limits."""

from dataclasses import dataclass
from pathlib import Path

from swinsr.errors import ConfigError, ImageWriteError

DEFAULT_QUALITY = 95  # of encoders, 1 to 100


@dataclass(frozen=True)
class Format:
    """What a format can hold.

    Attributes:
        name: as messages and `Header.format` call it.
        suffixes: of its files, the usual one first.
        side: the largest height and width; libjpeg stops short of the 65535 that JPEG allows.
        depths: bits per sample that it is written with.
        alpha: whether it holds transparency.
        several: "animation" or "pages" where it holds more than one picture.
        lossless: whether it can be asked to keep the pixels exactly, where it does not always.
        quality: whether it takes a quality.
    """

    name: str
    suffixes: tuple[str, ...]
    side: int
    depths: tuple[int, ...] = (8,)
    alpha: bool = True
    several: str = ""
    lossless: bool = False
    quality: bool = False


ALL = {
    form.name: form
    for form in (
        Format("PNG", (".png", ".apng"), 2**31 - 1, (8, 16), several="animation"),
        Format("JPEG", (".jpg", ".jpeg", ".jpe", ".jfif"), 65500, alpha=False, quality=True),
        Format("WebP", (".webp",), 16383, several="animation", lossless=True, quality=True),
        Format("TIFF", (".tif", ".tiff"), 2**31 - 1, (8, 16, 32), several="pages"),
        Format("BMP", (".bmp", ".dib"), 2**31 - 1, alpha=False),
        Format("GIF", (".gif",), 65535, several="animation"),
        Format("AVIF", (".avif",), 65536, quality=True),
        Format("HEIC", (".heic", ".heif", ".hif"), 16384, quality=True),
    )
}
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
