"""Which pictures a command line names, and where each result goes."""

import dataclasses
from collections.abc import Sequence
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
        One job a picture, in the order given, a folder's by name; none twice.

    Raises:
        ConfigError: several inputs and an output that is a file.
        ImageReadError: a folder without pictures.
    """
    to_folder = output is not None and _is_folder(output, inputs)
    if output is not None and not to_folder and (len(inputs) > 1 or inputs[0].is_dir()):
        raise ConfigError(f"{output}: several inputs need a folder for the output, not a file.")
    jobs: list[Job] = []
    seen: set[Path] = set()
    taken: set[Path] = set()
    for source in (file for given in inputs for file in _expand(given, scale)):
        if source in seen:
            continue
        seen.add(source)
        if output is not None and not to_folder:
            jobs.append(Job(source, output))
            continue
        name = default_name(source, scale)
        folder = output if output is not None else source.parent
        target = folder / name
        if target in taken:  # a.jpg and a.png in one run
            target = folder / default_name(source, scale, with_suffix=True)
        taken.add(target)
        jobs.append(Job(source, target))
    return jobs


def default_name(source: Path, scale: float, *, with_suffix: bool = False) -> str:
    """`in.png` -> `in_x4.png`, `in.jpg` -> `in_x4.png`, or `in_jpg_x4.png`."""
    kind = FORMATS.get(source.suffix.lower())
    suffix = source.suffix if kind in _KEPT else ".png"
    stem = f"{source.stem}_{source.suffix[1:]}" if with_suffix else source.stem
    return f"{stem}{scale_suffix(scale)}{suffix}"


def _is_folder(output: Path, inputs: Sequence[Path]) -> bool:
    if output.is_dir():
        return True
    several = len(inputs) > 1 or inputs[0].is_dir()
    return not output.exists() and (several or not output.suffix)


def _expand(given: Path, scale: float) -> list[Path]:
    """A file as it is; a folder as the pictures in it, earlier outputs left out."""
    if not given.is_dir():
        return [given]
    files = sorted(
        file for file in given.iterdir() if file.suffix.lower() in FORMATS and not file.is_dir()
    )
    outputs = {
        default_name(file, scale, with_suffix=both) for file in files for both in (False, True)
    }
    pictures = [file for file in files if file.name not in outputs]
    if not pictures:
        raise ImageReadError(f"{given}: there is no picture in this folder.")
    return pictures
