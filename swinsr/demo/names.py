"""File names that visitors chose, made safe to show, to write and to put into an archive."""

import itertools
import re
import unicodedata
from collections.abc import Container, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

from swinsr.errors import ImageReadError, ImageTooLargeError, ImageWriteError

# What programs on some system take as more than a letter of a name.
_UNSAFE = re.compile(r"[^\w\-. ()+,@#=]")
# Windows gives these names, with any suffix, to devices.
_DEVICES = re.compile(r"^(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)
_LONGEST = 80


def safe_name(name: str) -> str:
    """A file name without folders, control characters or anything that a system takes amiss."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/"))
    name = PurePosixPath(name).name
    name = _UNSAFE.sub("_", name).strip(" .")
    stem, dot, suffix = name.rpartition(".")
    if not stem:
        stem, dot, suffix = name, "", ""
    stem = stem.strip(" .")[:_LONGEST].rstrip(" .") or "picture"
    if _DEVICES.match(stem.split(".")[0]):
        stem = f"_{stem}"
    return f"{stem}{dot}{suffix[:8]}"


def free_name(name: str, taken: Container[str]) -> str:
    """The name, or with a number where it is taken; `taken` holds names in lower case."""
    if name.lower() not in taken:
        return name
    path = PurePosixPath(name)
    numbered = (f"{path.stem}_{number}{path.suffix}" for number in itertools.count(2))
    return next(other for other in numbered if other.lower() not in taken)


@contextmanager
def known_as(name: str, *paths: Path) -> Iterator[None]:
    """Errors that have the visitor's name for a picture, and not the server's folders.

    Args:
        name: of the picture, in place of the first path.
        paths: of its files; the others are called by their own names.

    Raises:
        ImageReadError, ImageTooLargeError, ImageWriteError: in place of those with whole paths.
    """
    try:
        yield
    except (ImageReadError, ImageTooLargeError, ImageWriteError) as error:
        told = str(error).replace(str(paths[0]), name)
        for path in paths:
            told = told.replace(f"{path.parent}/", "")
        raise type(error)(told) from error
