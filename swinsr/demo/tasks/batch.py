"""Many pictures in, one archive out; what fails is told and stops nothing."""

import zipfile
from dataclasses import dataclass
from pathlib import Path

from swinsr.demo.jobs import JobTimeError, StoppedJobError, Submission
from swinsr.demo.names import free_name, safe_name
from swinsr.demo.tasks.choose import Saving, WantedSize
from swinsr.demo.tasks.convert import Converted, Workshop
from swinsr.errors import ConfigError, SwinsrError


@dataclass(frozen=True)
class Line:
    """The outcome of one picture.

    Attributes:
        name: of the upload.
        member: its name in the archive; None where it failed.
        text: what was done, or what was wrong.
        result: to be looked at; None where it failed.
    """

    name: str
    member: str | None
    text: str
    result: Converted | None = None


def run_batch(
    shop: Workshop, job: Submission, paths: list[str], model: str, size: WantedSize, saving: Saving
) -> tuple[Path | None, list[Line]]:
    """Upscale pictures one after another.

    Args:
        shop: folder, limits and models.
        job: notified with the progress; all pictures together are one job.
        paths: of the uploads.
        model, size, saving: as for `Workshop.process`.

    Returns:
        The archive, None where nothing succeeded, and a line on each picture.

    Raises:
        ConfigError: no pictures, or too many.
        StoppedJobError, JobTimeError: from the job.
    """
    if not paths:
        raise ConfigError("there are no pictures yet; choose some first")
    if len(paths) > shop.limits.max_files:
        raise ConfigError(
            f"these are {len(paths)} pictures, and this server takes at most "
            f"{shop.limits.max_files} at a time"
        )
    archive = shop.folder.new_file("swinsr.zip")
    lines: list[Line] = []
    taken: set[str] = set()
    # The pictures are compressed already.
    with zipfile.ZipFile(archive, "x", zipfile.ZIP_STORED) as bundle:
        for number, path in enumerate(paths, 1):
            name = safe_name(Path(path).name)
            part = _Part(job, number, len(paths), name)
            try:
                done = shop.process(part, path, model, size, saving, restores=False)
            except (StoppedJobError, JobTimeError):
                raise
            except SwinsrError as error:
                lines.append(Line(name, None, str(error).removeprefix(f"{name}: ")))
                continue
            member = free_name(done.file.name, taken)
            taken.add(member.lower())
            bundle.write(done.file, member)
            width, height = done.size
            notes = "".join(f"; {note}" for note in done.notes)
            text = f"{width} × {height}, {done.seconds:.1f} s{notes}"
            lines.append(Line(name, member, text, done))
    if not taken:
        archive.unlink()
        return None, lines
    return archive, lines


class _Part(Submission):
    """A picture's job within that of the batch: its progress is a piece of the whole."""

    def __init__(self, whole: Submission, number: int, count: int, name: str) -> None:
        super().__init__(whole.seconds)
        self._whole, self._number, self._count, self._name = whole, number, count, name
        whole.text = f"{number} of {count}: {name}"

    def check(self) -> None:
        self._whole.check()

    def stage(self, text: str) -> None:
        self.check()

    def report(self, share: float) -> None:
        self._whole.report((self._number - 1 + share) / self._count)
