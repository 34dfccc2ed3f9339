"""Where a job's result goes: what stands in its way is found before the work."""

import os
import sys

from swinsr.errors import ImageWriteError, OutputExistsError
from swinsr.files.plan import Job
from swinsr.files.settings import Settings
from swinsr.files.sources import is_folder
from swinsr.image.formats.table import output_format


def checked_format(job: Job, settings: Settings) -> str | None:
    """The output's format; None where it is there and is to stay.

    What is wrong with the output shows before the work is done, not after.

    Raises:
        SwinsrError: the picture cannot be done.
    """
    if job.error is not None:
        raise ImageWriteError(job.error)
    form = settings.format or output_format(job.output)
    settings.check_format(form)
    if not job.to_stream:
        _check_folder(job)
    if not job.to_stream and os.path.lexists(job.output):
        if settings.skip_existing and not is_folder(job.output):
            return None
        _check_output(job, settings)
    return form


def _check_output(job: Job, settings: Settings) -> None:
    if is_folder(job.output):
        raise ImageWriteError(f"{job.output}: a folder of that name is there; choose another name")
    if not settings.overwrite:
        raise OutputExistsError(
            f"{job.output}: it is already there; choose another name with -o, or replace it with "
            "--overwrite"
        )


def write_out(data: bytes) -> None:
    """The whole file on standard output.

    Raises:
        ImageWriteError: it does not take it, or it is a terminal.
    """
    if sys.stdout.isatty():
        raise ImageWriteError("standard output is a terminal; redirect it, or use -o FILE")
    try:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        sys.stdout = None  # what is buffered would fail once more, loudly, at the end
        raise ImageWriteError(
            f"standard output cannot be written to ({error.strerror}); free some space there"
        ) from error


def _check_folder(job: Job) -> None:
    """Where a file was named, its folder must be there; only that of a tree is made.

    Raises:
        ImageWriteError: it is not.
    """
    beside = not job.from_stream and job.output.parent == job.source.parent
    if not job.below_output and not beside and not is_folder(job.output.parent):
        raise ImageWriteError(f"{job.output}: the folder does not exist; create it first")


def make_parent(job: Job) -> None:
    """Make the folder of a file within a tree.

    Raises:
        ImageWriteError: it cannot be made.
    """
    _check_folder(job)
    if is_folder(job.output.parent):
        return
    try:
        job.output.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ImageWriteError(
            f"{job.output.parent}: the folder cannot be made ({error.strerror}); choose another "
            "with -o"
        ) from error
