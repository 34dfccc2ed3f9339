"""The pictures that a name stands for: a file, a folder's, or those that fit a pattern."""

import glob
import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from swinsr.errors import ConfigError, ImageReadError
from swinsr.image.formats.table import FORMATS

_SEPARATORS = tuple(mark for mark in (os.sep, os.altsep) if mark)


@dataclass(frozen=True)
class Given:
    """A file or folder as the user named it: what a path alone no longer tells.

    Attributes:
        path: where it leads.
        stream: it was `-`, standard input or output.
        folder: it ended in a separator, so it means a folder, there or not.
    """

    path: Path
    stream: bool = False
    folder: bool = False

    @classmethod
    def of(cls, name: "str | os.PathLike[str] | Given") -> "Given":
        """Take a name as typed.

        Raises:
            ConfigError: it is empty: an unset variable of a shell would mean this folder.
        """
        if isinstance(name, Given):
            return name
        text = os.fspath(name)
        if not text:
            raise ConfigError("the name is empty")
        return cls(Path(text), stream=text == "-", folder=text.endswith(_SEPARATORS))


class OutputNames(Protocol):
    """Tells what an output of a picture would be called."""

    def name(self, source: Path, *, with_suffix: bool = False) -> str:
        """The name of the file alone."""
        ...


def expand(
    given: Given, naming: OutputNames, *, recursive: bool, leave_out: Path | None
) -> list[tuple[Path, Path]]:
    """A file as it is; a list's pictures; of a folder or a pattern, those without earlier outputs.

    Args:
        given: as typed. Patterns are expanded here where the shell left them as they were.
        naming: earlier outputs are known by it.
        recursive: the folders within a folder too; links to folders are not followed.
        leave_out: a folder of outputs, which may lie within the inputs'.

    Returns:
        (picture, folder it lies in below the given one), sorted by name.

    Raises:
        ImageReadError: nothing fits, or a folder that cannot be listed.
    """
    path = given.path
    if is_folder(path):
        found = _walk(path, leave_out) if recursive else _listed(path)
        pictures = _without_outputs(found, naming)
        if not pictures:
            below = "" if recursive else ", and --recursive looks into the folders within"
            raise ImageReadError(f"{path}: there is no picture in this folder{below}")
        return [(picture, picture.parent.relative_to(path)) for picture in pictures]
    if is_list(path):
        return [(picture, Path()) for picture in _named_in(path)]
    if glob.has_magic(str(path)) and not os.path.lexists(path):
        matches = (Path(match) for match in glob.glob(str(path), recursive=True))  # noqa: PTH207
        pictures = _without_outputs(sorted(filter(_may_be_picture, matches)), naming)
        if not pictures:
            raise ImageReadError(f"{path}: no picture fits this pattern; check it and the folder")
        return [(picture, Path()) for picture in pictures]
    return [(path, Path())]


def is_list(path: Path) -> bool:
    """Whether it is a file of names."""
    return path.suffix.lower() == ".txt" and stat.S_ISREG(_mode(path))


def _named_in(path: Path) -> list[Path]:
    """One name a line, from the list's own folder where it is no whole path."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise ImageReadError(f"{path}: it is no list of names in UTF-8 that can be read") from error
    names = [path.parent / line.strip() for line in lines if line.strip()]
    if not names:
        raise ImageReadError(f"{path}: the list names no picture; write one name a line")
    return names


def is_folder(path: Path) -> bool:
    """Whether a folder is there. `Path.is_dir` raises where the name is too long, for one."""
    return stat.S_ISDIR(_mode(path))


def is_file(path: Path) -> bool:
    """Whether an ordinary file is there, on the same terms."""
    return stat.S_ISREG(_mode(path))


def is_there(path: Path) -> bool:
    """Whether anything is, that can be reached."""
    return _mode(path) != 0


def _mode(path: Path) -> int:
    """What is there, as `stat` tells it; 0 where nothing can be reached."""
    try:
        return path.stat().st_mode
    except (OSError, ValueError):
        return 0


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(file for file in folder.iterdir() if _may_be_picture(file))
    except OSError as error:
        raise _unreadable(error, folder) from error


def _walk(folder: Path, leave_out: Path | None) -> list[Path]:
    """Hidden folders are left out, and that of the outputs."""
    outputs = os.path.realpath(leave_out) if leave_out is not None else None

    def fail(error: OSError) -> None:
        raise _unreadable(error, Path(error.filename or folder)) from error

    found: list[Path] = []
    for place, folders, files in os.walk(folder, onerror=fail):
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(Path(place) / name) != outputs
        )
        found += filter(_may_be_picture, (Path(place) / name for name in sorted(files)))
    return found


def _unreadable(error: OSError, folder: Path) -> ImageReadError:
    return ImageReadError(
        f"{folder}: the folder cannot be read ({error.strerror}); change its permissions"
    )


def _without_outputs(files: Iterable[Path], naming: OutputNames) -> list[Path]:
    files = list(files)
    outputs = {
        file.parent / naming.name(file, with_suffix=both)
        for file in files
        for both in (False, True)
    }
    return [file for file in files if file not in outputs]


def _may_be_picture(file: Path) -> bool:
    """By the name; no folders, and no pipes or devices, which would wait for ever.

    Links that lead nowhere stay, to be named as such.
    """
    if file.suffix.lower() not in FORMATS:
        return False
    mode = _mode(file)
    return mode == 0 or stat.S_ISREG(mode)
