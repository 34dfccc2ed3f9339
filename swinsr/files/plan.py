"""Which pictures a command line names, and where each result goes."""

import dataclasses
import itertools
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from swinsr.errors import ConfigError, SwinsrError
from swinsr.files.sources import Given, expand, is_folder, is_list
from swinsr.image.formats.table import ALL, FORMATS


@dataclasses.dataclass(frozen=True)
class Job:
    """One picture to read and the file to write; `error` says why it cannot be started.

    Attributes:
        source, output: files.
        from_stream, to_stream: standard input and output instead of them.
        below_output: the output lies in a folder that may be made.
        name: what messages call the input, where that is not its path; so too the output.
    """

    source: Path
    output: Path
    error: str | None = None
    from_stream: bool = False
    to_stream: bool = False
    below_output: bool = False
    name: str | None = None

    def to_plain(self) -> dict[str, Any]:
        """As JSON can carry it."""
        plain = dataclasses.asdict(self)
        return plain | {"source": str(self.source), "output": str(self.output)}

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> "Job":
        """What `to_plain` gave."""
        paths = {key: Path(plain[key]) for key in ("source", "output")}
        return cls(**{**plain, **paths})

    @property
    def source_name(self) -> str:
        """The input as messages call it."""
        if self.name is not None:
            return self.name
        return "standard input" if self.from_stream else str(self.source)

    @property
    def output_name(self) -> str:
        """The output as messages call it."""
        if self.name is not None:
            return self.output.name
        return "standard output" if self.to_stream else str(self.output)


@dataclasses.dataclass(frozen=True)
class Naming:
    """How outputs are called.

    Attributes:
        mark: what is added to the input's name, such as `_x4`.
        suffix: what all outputs end in, such as `.webp`; None for the input's own or `.png`.
    """

    mark: str
    suffix: str | None = None

    def name(self, source: Path, *, with_suffix: bool = False) -> str:
        """`in.png` -> `in_x4.png`, `in.jpg` -> `in_x4.png`, or `in_jpg_x4.png`."""
        own = FORMATS.get(source.suffix.lower())
        # All others become PNG, since writing a lossy file again would lose more.
        kept = own is not None and ALL[own].kept
        suffix = self.suffix or (source.suffix if kept else ".png")
        stem = f"{source.stem}_{source.suffix[1:]}" if with_suffix else source.stem
        return f"{stem}{self.mark}{suffix}"

    def names(self, source: Path) -> Iterator[str]:
        """What an output may be called, until one is free: a.jpg and a.png, a/x.png and b/x.png."""
        yield self.name(source)
        full = Path(self.name(source, with_suffix=True))
        yield full.name
        for number in itertools.count(2):
            yield f"{full.stem}_{number}{full.suffix}"


def plan_jobs(
    inputs: Sequence[Given], output: Given | None, naming: Naming, *, recursive: bool = False
) -> list[Job]:
    """Expand folders and patterns, and name the outputs.

    Args:
        inputs: files, folders and patterns; of a folder, the pictures directly in it.
        output: a file for a single input file, else a folder; None for beside each input.
        naming: of the outputs.
        recursive: the folders within the folders too; below an output folder, the tree is kept.

    Returns:
        One job a picture, in the order given, a folder's by name; none twice. No two outputs are
        the same file, and none but a job's own input is among the inputs without being an error.

    Raises:
        ConfigError: several inputs and an output that is one file, or a stream among others.
    """
    if any(given.stream for given in inputs) or (output is not None and output.stream):
        return [_stream_job(inputs, output, naming)]
    to_folder = output is not None and _means_folder(output, inputs)
    if output is not None and not to_folder and _several(inputs):
        raise ConfigError(f"{output.path}: several inputs need a folder for the output, not a file")
    sources: dict[Path, tuple[Path, Path]] = {}
    failed: list[Job] = []
    beyond = output.path if output is not None else None
    for given in inputs:
        try:
            for source, below in expand(given, naming, recursive=recursive, leave_out=beyond):
                sources.setdefault(_place(source), (source, below))
        except SwinsrError as error:
            failed.append(Job(given.path, given.path, str(error)))
    if output is not None and not to_folder:
        return [Job(source, output.path) for source, _ in sources.values()] + failed
    jobs: list[Job] = []
    taken: set[Path] = set()
    for source, below in sources.values():
        folder = output.path / below if output is not None else source.parent
        target = next(
            target
            for name in naming.names(source)
            if _without_case(target := folder / name) not in taken
        )
        taken.add(_without_case(target))
        problem = None
        if _place(target) in sources:
            problem = (
                f"{source}: its output {target} is another input of this run; leave that out, or "
                "choose another folder with -o"
            )
        jobs.append(Job(source, target, problem, below_output=output is not None))
    return jobs + failed


def _stream_job(inputs: Sequence[Given], output: Given | None, naming: Naming) -> Job:
    if len(inputs) != 1:
        raise ConfigError(
            "standard input and output (-) take one picture; give one input, or a folder with -o"
        )
    given = inputs[0]
    to_stream = output.stream if output is not None else given.stream
    if to_stream and not given.stream and is_folder(given.path):
        raise ConfigError(f"{given.path}: a folder does not fit into standard output; name a file")
    if output is None or output.stream:
        # The name only tells the format.
        target = Path(naming.name(Path("-.png") if given.stream else given.path))
    elif output.folder or is_folder(output.path):
        target = output.path / naming.name(Path("stdin.png") if given.stream else given.path)
    else:
        target = output.path
    below = output is not None and output.path != target
    return Job(given.path, target, None, given.stream, to_stream, below)


def _place(path: Path) -> Path:
    """Where a path leads, so that two spellings of it are one; a link itself stays one."""
    return Path(os.path.realpath(path.parent)) / path.name


def _without_case(path: Path) -> Path:
    """Two names that differ in case alone are one file on many systems."""
    return Path(str(path).casefold())


def _several(inputs: Sequence[Given]) -> bool:
    return len({_place(given.path) for given in inputs}) > 1 or any(
        many(inputs[0].path) for many in (is_folder, is_list)
    )


def _means_folder(output: Given, inputs: Sequence[Given]) -> bool:
    if output.folder or is_folder(output.path):
        return True
    if os.path.lexists(output.path):
        return False
    suffix = output.path.suffix.lower()
    return not suffix or (_several(inputs) and suffix not in FORMATS)
