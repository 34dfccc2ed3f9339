"""One picture from upload to download: what `swinsr upscale` does, with the server's limits."""

import time
from dataclasses import dataclass, replace
from pathlib import Path

from swinsr.demo.catalogue import Catalogue
from swinsr.demo.folder import Folder
from swinsr.demo.jobs import Submission
from swinsr.demo.limits import Limits
from swinsr.demo.names import known_as
from swinsr.errors import ImageReadError, ImageTooLargeError, SwinsrError
from swinsr.files.convert import convert
from swinsr.files.plan import Job, Naming
from swinsr.files.record import Record
from swinsr.files.settings import Settings
from swinsr.image import probe_image
from swinsr.image.formats.table import ALL, FORMATS
from swinsr.serve.uploads import Received


@dataclass(frozen=True)
class Made:
    """A finished picture: its file, and the record of it."""

    path: Path
    record: Record


@dataclass(frozen=True)
class Shop:
    """What every request needs."""

    folder: Folder
    limits: Limits
    catalogue: Catalogue

    def make(self, job: Submission, upload: Received, settings: Settings) -> Made:
        """Upscale or restore an upload.

        Raises:
            SwinsrError: whatever is wrong; messages know the client's name of the picture alone.
        """
        with known_as(upload.name, upload.path):
            return self._made(job, upload, settings)

    def _made(self, job: Submission, upload: Received, settings: Settings) -> Made:
        start = time.perf_counter()
        name, header = upload.name, probe_image(upload.path)
        suffix = Path(name).suffix.lower()
        if suffix not in FORMATS:
            suffix = ALL[header.format].suffixes[0] if header.format in ALL else ".png"
        self.limits.check_input(name, header.height, header.width)
        engines = self.catalogue.engines(settings, job)
        own = engines.check()
        job.stage("Working")
        target = settings.target.size(header.height, header.width, own)
        self.limits.check_output(name, *target.final)
        form = None if settings.format is None else ALL[settings.format].suffixes[0]
        named = str(Path(name).with_suffix(suffix))
        output = upload.path.with_name(Naming(settings.mark(own), form).name(Path(named)))
        task = Job(upload.path, output, name=name)
        record = convert(engines, task, settings, job.report)
        return Made(output, replace(record, seconds=time.perf_counter() - start))


def status_of(error: SwinsrError) -> int:
    """HTTP's status for what went wrong."""
    from swinsr.demo.jobs import JobTimeError, StoppedJobError
    from swinsr.errors import DownloadError, NotEnoughMemoryError

    table: tuple[tuple[type[SwinsrError], int], ...] = (
        (ImageTooLargeError, 413),
        (ImageReadError, 422),
        (NotEnoughMemoryError, 503),
        (StoppedJobError, 503),
        (JobTimeError, 504),
        (DownloadError, 502),
    )
    return next((status for kind, status in table if isinstance(error, kind)), 400)
