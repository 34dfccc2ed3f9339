"""Which pictures a command line names, and where each result goes."""

import dataclasses
import itertools
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from swinsr.errors import ConfigError, ImageReadError
from swinsr.image.write import FORMATS

# Outputs beside the input keep these formats; all others become PNG, since writing a lossy file
# again would lose more.
_KEPT = {"PNG": None, "TIFF": None, "BMP": None}


@dataclasses.dataclass(frozen=True)
class Job:
    """One picture to read and the file to write; `error` says why it cannot be started."""

    source: Path
    output: Path
    error: str | None = None


def scale_suffix(scale: float) -> str:
    """`_x4`, `_x2.5`."""
    return f"_x{scale:g}"


def plan_jobs(inputs: Sequence[Path], output: Path | None, scale: float) -> list[Job]:
    """Expand folders and name the outputs.

    Args:
        inputs: files and folders; of a folder, the pictures directly in it.
        output: a file for a single input file, else a folder; None for beside each input.
        scale: for the outputs' names.

    Returns:
        One job a picture, in the order given, a folder's by name; none twice. No two outputs are
        the same file, and none but a job's own input is among the inputs without being an error.

    Raises:
        ConfigError: several inputs and an output that is a file.
        ImageReadError: a folder without pictures, or one that cannot be listed.
    """
    to_folder = output is not None and _is_folder(output, inputs)
    if output is not None and not to_folder and _several(inputs):
        raise ConfigError(f"{output}: several inputs need a folder for the output, not a file.")
    sources: dict[Path, Path] = {}
    for source in (file for given in inputs for file in _expand(given, scale)):
        sources.setdefault(_place(source), source)
    if output is not None and not to_folder:
        return [Job(source, output) for source in sources.values()]
    jobs: list[Job] = []
    taken: set[Path] = set()
    for source in sources.values():
        folder = output if output is not None else source.parent
        target = next(
            target
            for name in _names(source, scale)
            if _without_case(target := folder / name) not in taken
        )
        taken.add(_without_case(target))
        other = sources.get(_place(target))
        error = None
        if other is not None:
            error = (
                f"{source}: its output {target} is another input of this run; leave that out, or "
                "choose another folder with -o."
            )
        jobs.append(Job(source, target, error))
    return jobs


def default_name(source: Path, scale: float, *, with_suffix: bool = False) -> str:
    """`in.png` -> `in_x4.png`, `in.jpg` -> `in_x4.png`, or `in_jpg_x4.png`."""
    kind = FORMATS.get(source.suffix.lower())
    suffix = source.suffix if kind in _KEPT else ".png"
    stem = f"{source.stem}_{source.suffix[1:]}" if with_suffix else source.stem
    return f"{stem}{scale_suffix(scale)}{suffix}"


def _names(source: Path, scale: float) -> Iterator[str]:
    """What an output may be called, until one is free: a.jpg and a.png, a/x.png and b/x.png."""
    yield default_name(source, scale)
    full = Path(default_name(source, scale, with_suffix=True))
    yield full.name
    for number in itertools.count(2):
        yield f"{full.stem}_{number}{full.suffix}"


def _place(path: Path) -> Path:
    """Where a path leads, so that two spellings of it are one; a link itself stays one."""
    return Path(os.path.realpath(path.parent)) / path.name


def _without_case(path: Path) -> Path:
    """Two names that differ in case alone are one file on many systems."""
    return Path(str(path).casefold())


def is_folder(path: Path) -> bool:
    """Whether a folder is there. `Path.is_dir` raises where the name is too long, for one."""
    return stat.S_ISDIR(_mode(path))


def _mode(path: Path) -> int:
    """What is there, as `stat` tells it; 0 where nothing can be reached."""
    try:
        return path.stat().st_mode
    except OSError:
        return 0


def _several(inputs: Sequence[Path]) -> bool:
    return len({_place(given) for given in inputs}) > 1 or is_folder(inputs[0])


def _is_folder(output: Path, inputs: Sequence[Path]) -> bool:
    if is_folder(output):
        return True
    if os.path.lexists(output):
        return False
    return not output.suffix or (_several(inputs) and output.suffix.lower() not in FORMATS)


def _expand(given: Path, scale: float) -> list[Path]:
    """A file as it is; a folder as the pictures in it, earlier outputs left out."""
    if not is_folder(given):
        return [given]
    try:
        files = sorted(file for file in given.iterdir() if _may_be_picture(file))
    except OSError as error:
        raise ImageReadError(
            f"{given}: the folder cannot be read ({error.strerror}); change its permissions."
        ) from error
    outputs = {
        default_name(file, scale, with_suffix=both) for file in files for both in (False, True)
    }
    pictures = [file for file in files if file.name not in outputs]
    if not pictures:
        raise ImageReadError(f"{given}: there is no picture in this folder.")
    return pictures


def _may_be_picture(file: Path) -> bool:
    """By the name; no folders, and no pipes or devices, which would wait for ever.

    Links that lead nowhere stay, to be named as such.
    """
    if file.suffix.lower() not in FORMATS:
        return False
    mode = _mode(file)
    return mode == 0 or stat.S_ISREG(mode)
