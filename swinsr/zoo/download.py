"""Get published models into the cache: whole, hashed, and moved into place only when right."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from filelock import FileLock

from swinsr.errors import CheckpointReadError, ConfigError, DownloadError
from swinsr.zoo.cache import (
    CacheEntry,
    cached_path,
    is_offline,
    models_folder,
    partial_paths,
    write_record,
)
from swinsr.zoo.entry import ModelEntry
from swinsr.zoo.transfer import Report, Transfer


def download(
    entry: ModelEntry,
    *,
    force: bool = False,
    timeout: float | None = None,
    attempts: int = 5,
    pause: float = 0.5,
    report: Report = lambda done, total: None,
) -> Path:
    """Download a published model, unless it is in the cache.

    The mirrors of SWINSR_MIRROR come first, then the published URL. What an interrupted download
    got is kept aside, in `.partial`, and continued by the next one. A second process waits for the
    first.

    Args:
        entry: of `published_models`.
        force: download again although it is there.
        timeout: seconds without a byte until an attempt is given up; SWINSR_TIMEOUT, else 30.
        attempts: how many in a row may bring nothing new.
        pause: seconds before the second attempt.
        report: notified with the bytes done and in all.

    Returns:
        The file in the cache. `read_record` tells its sha256, and whether that was compared with a
        published one.

    Raises:
        DownloadError: offline, not there, wrong bytes, or no space. The cache is as it was.
        ConfigError: an environment variable that cannot be used.
    """
    path = cached_path(entry)
    if path is not None and not force:
        return path
    sources = urls(entry)
    if is_offline():
        raise DownloadError(
            f"{entry.name} is not on this machine and SWINSR_OFFLINE or HF_HUB_OFFLINE forbids "
            f"downloads; put {entry.file} from {sources[-1]} into a folder and give its path"
        )
    path = models_folder() / entry.file
    part, note, lock = partial_paths(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with _alone(lock, part.parent):
            found = cached_path(entry)
            if found is not None and not force:
                return found  # another process was at it
            _check_space(entry, path)
            part.parent.mkdir(exist_ok=True)
            _fetch_any(
                entry, sources, path, (part, note),
                lambda url: Transfer(
                    url, part, size=entry.bytes, attempts=attempts, pause=pause, report=report,
                    timeout=no_answer_after() if timeout is None else timeout,
                ),
            )  # fmt: skip
    except OSError as error:
        raise DownloadError(
            f"{path} cannot be written ({error.strerror or error}); make room, or choose another "
            "folder with SWINSR_HOME"
        ) from error
    return path


@contextmanager
def _alone(lock: Path, folder: Path) -> Iterator[None]:
    """One process at a time; afterwards neither the lock nor an empty folder is left."""
    try:
        with FileLock(lock):
            yield
    finally:
        with suppress(OSError):  # another process may be at work in it
            folder.rmdir()
        with suppress(OSError):
            lock.unlink(missing_ok=True)


def urls(entry: ModelEntry) -> list[str]:
    """Where a model may be: the mirrors of SWINSR_MIRROR, then the published place.

    A mirror is a folder's URL, to which the file's name is added, or a pattern with {file}, {name}
    or {url} in it. Several are separated by spaces or commas.

    Raises:
        ConfigError: a mirror that is not http or https, or an unusable pattern.
    """
    found: list[str] = []
    for mirror in os.environ.get("SWINSR_MIRROR", "").replace(",", " ").split():
        if not mirror.startswith(("http://", "https://")):
            raise ConfigError(f"SWINSR_MIRROR names {mirror}, which is neither http nor https")
        pattern = mirror if "{" in mirror else mirror.rstrip("/") + "/{file}"
        try:
            found.append(pattern.format(file=quote(entry.file), name=entry.name, url=entry.url))
        except (LookupError, ValueError):
            raise ConfigError(
                f"SWINSR_MIRROR names {mirror}; {{file}}, {{name}} and {{url}} can be filled in"
            ) from None
    return found + ([entry.url] if entry.url else [])


def no_answer_after() -> float:
    """Seconds without a byte until a download is given up: SWINSR_TIMEOUT, else 30.

    Raises:
        ConfigError: it is no such number.
    """
    text = os.environ.get("SWINSR_TIMEOUT", "30")
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0.0 < seconds < 86400.0:
        raise ConfigError(f"SWINSR_TIMEOUT is a number of seconds above 0, not {text!r}")
    return seconds


def _check_space(entry: ModelEntry, path: Path) -> None:
    if entry.bytes is not None and shutil.disk_usage(path.parent).free < entry.bytes:
        raise DownloadError(
            f"{entry.name} needs {entry.bytes >> 20} MiB in {path.parent}, which has less; make "
            "room, or choose another folder with SWINSR_HOME"
        )


def _fetch_any(
    entry: ModelEntry,
    sources: list[str],
    path: Path,
    partial: tuple[Path, Path],
    transfer: Callable[[str], Transfer],
) -> None:
    """From the first source that has it.

    Raises:
        DownloadError: none does; the message is the last one's.
    """
    for url in sources:
        try:
            with ExitStack() as fault:  # of whatever kind, Ctrl-C included
                fault.callback(_drop_useless, partial)
                digest = _fetch(entry, transfer(url), partial)
                fault.pop_all()
            break
        except DownloadError:
            if url == sources[-1]:
                raise
    part, note = partial
    record = CacheEntry(digest, part.stat().st_size, url, verified=entry.sha256 is not None)
    # The note first: a file counts as downloaded only with its note beside it.
    path.unlink(missing_ok=True)
    write_record(path, record)
    part.replace(path)
    note.unlink(missing_ok=True)


def _fetch(entry: ModelEntry, transfer: Transfer, partial: tuple[Path, Path]) -> str:
    """The sha256 of what lies in the partial file afterwards, all of it and right."""
    part, note = partial

    def noted(tag: str) -> None:
        note.write_text(json.dumps({"url": transfer.url, "tag": tag}), encoding="utf-8")

    digest = transfer.run(_tag(note, transfer.url), noted)
    wrong = None
    if entry.sha256 is not None and digest != entry.sha256:
        wrong = f"has sha256 {digest} where {entry.sha256} is published"
    elif entry.sha256 is None:
        wrong = _damage(part, entry)
    if wrong is not None:
        part.unlink()
        raise DownloadError(f"{transfer.url} is not {entry.name}: it {wrong}")
    return digest


def _damage(part: Path, entry: ModelEntry) -> str | None:
    """What shows that a file without a published hash is no weights file, such as an error page."""
    from swinsr.checkpoints.content.sniff import (  # brings torch, which is slow
        check_archive,
        kind_of,
    )

    try:
        if kind_of(part) == "zip":
            check_archive(part)
    except CheckpointReadError as error:
        return str(error).replace(str(part), "").strip()
    return None


def _tag(note: Path, url: str) -> str:
    """The version that the partial file is of, where it came from this URL."""
    try:
        values = json.loads(note.read_text(encoding="utf-8"))
        return str(values["tag"]) if values["url"] == url else ""
    except (OSError, ValueError, TypeError, LookupError):
        return ""


def _drop_useless(partial: tuple[Path, Path]) -> None:
    """Keep an unfinished file only where it can be continued."""
    part, note = partial
    try:
        resumable = bool(json.loads(note.read_text(encoding="utf-8"))["tag"])
    except (OSError, ValueError, TypeError, LookupError):
        resumable = False
    if not resumable or not part.is_file() or not part.stat().st_size:
        part.unlink(missing_ok=True)
        note.unlink(missing_ok=True)
