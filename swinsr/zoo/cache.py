"""Where downloaded models lie, and what was recorded about each."""

import dataclasses
import json
import os
from pathlib import Path

from swinsr.errors import ConfigError, ModelNotFoundError
from swinsr.storage.atomic import write_whole
from swinsr.storage.digest import sha256_of
from swinsr.zoo.entry import ModelEntry

CHUNK = 1 << 20
TRUE = ("1", "true", "yes", "on")
FALSE = ("", "0", "false", "no", "off")


@dataclasses.dataclass(frozen=True)
class CacheEntry:
    """What was noted beside a downloaded file.

    Attributes:
        sha256, bytes: of the file as it was written.
        url: where it came from.
        verified: whether its sha256 was compared with a published one.
    """

    sha256: str
    bytes: int
    url: str
    verified: bool


def cache_folder() -> Path:
    """$SWINSR_HOME, else $XDG_CACHE_HOME/swinsr, else ~/.cache/swinsr."""
    own = os.environ.get("SWINSR_HOME", "")
    if own:
        return Path(own).expanduser().absolute()
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification says to ignore a relative path.
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    return root / "swinsr"


def models_folder() -> Path:
    """Where downloaded models lie; it need not exist."""
    return cache_folder() / "models"


def is_offline() -> bool:
    """Whether the network must not be used: SWINSR_OFFLINE or HF_HUB_OFFLINE is set to 1.

    Raises:
        ConfigError: SWINSR_OFFLINE is neither yes nor no.
    """
    ours = os.environ.get("SWINSR_OFFLINE", "").strip().lower()
    if ours not in (*TRUE, *FALSE):
        raise ConfigError(f"SWINSR_OFFLINE is 1 or 0, not {ours!r}")
    return ours in TRUE or os.environ.get("HF_HUB_OFFLINE", "").strip().lower() in TRUE


def cached_path(entry: ModelEntry) -> Path | None:
    """The downloaded file of a published model, or None where it is not there whole."""
    path = models_folder() / entry.file
    return path if path.is_file() and read_record(path) is not None else None


def record_path(path: Path) -> Path:
    """The note beside a file."""
    return path.with_name(path.name + ".json")


def read_record(path: Path) -> CacheEntry | None:
    """What was noted about a file; None where nothing readable was."""
    try:
        values = json.loads(record_path(path).read_text(encoding="utf-8"))
        return CacheEntry(**values)
    except (OSError, ValueError, TypeError):
        return None


def write_record(path: Path, record: CacheEntry) -> None:
    """Note what is known about a file, atomically."""
    content = json.dumps(dataclasses.asdict(record), indent=1).encode()
    write_whole(record_path(path), content)


@dataclasses.dataclass(frozen=True)
class Verdict:
    """Whether a cached file is as it should be.

    Attributes:
        good: the bytes are those that are published, or else those that were downloaded.
        sentence: what was compared with what.
    """

    good: bool
    sentence: str


def verify(entry: ModelEntry) -> Verdict:
    """Hash a cached file again.

    Raises:
        ModelNotFoundError: it is not in the cache.
    """
    path = cached_path(entry)
    if path is None:
        raise ModelNotFoundError(
            f"{entry.name} is not in {models_folder()}; `swinsr models download {entry.name}` "
            "gets it"
        )
    digest, record = sha256_of(path), read_record(path)
    if entry.sha256 is not None:
        if digest == entry.sha256:
            return Verdict(True, "the published sha256")
        return Verdict(False, f"sha256 {digest}, published {entry.sha256}")
    noted = record.sha256 if record is not None else ""
    if digest == noted:
        return Verdict(True, "unchanged since its download; no sha256 is published for it")
    return Verdict(False, f"sha256 {digest}, but {noted} when it was downloaded")


def remove(entry: ModelEntry) -> list[Path]:
    """Delete a model's file, its note, and what an interrupted download left; what was deleted."""
    path = models_folder() / entry.file
    gone: list[Path] = []
    for file in (path, record_path(path), *partial_paths(path)):
        if file.is_file():
            file.unlink()
            gone.append(file)
    return gone


def partial_paths(path: Path) -> tuple[Path, Path, Path]:
    """Of an unfinished download: its bytes so far, where they are from, and its lock."""
    folder = path.parent / ".partial"
    lock = path.with_name(f".{path.name}.lock")
    return folder / path.name, folder / f"{path.name}.json", lock
