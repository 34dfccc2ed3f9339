"""Measurements kept by content, so that a killed run goes on where it was.

An entry is one picture's scores under one model. Its name is a hash of everything the scores
depend on, so that nothing stale is ever found; nothing needs to be removed when something changes.
"""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from swinsr.storage.atomic import write_whole

_KEYS = {"scores", "seconds", "height", "width", "notes", "crop"}


def default_cache_folder() -> Path:
    """Where measurements are kept: $XDG_CACHE_HOME/swinsr/evaluation, else ~/.cache."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    # The specification says to ignore a relative path.
    root = Path(base) if base and Path(base).is_absolute() else Path.home() / ".cache"
    return root / "swinsr" / "evaluation"


class Cache:
    """Measurements in a folder, one file each; or nothing at all.

    Attributes:
        problem: a sentence on why measurements are not kept, once one could not be.
    """

    def __init__(self, folder: Path | None) -> None:
        """`folder` is made when first written to; None keeps nothing."""
        self._folder = folder
        self.problem: str | None = None

    def get(self, key: str) -> dict[str, Any] | None:
        """What is kept under a key; None where nothing usable is."""
        if self._folder is None:
            return None
        try:
            entry = json.loads(self._path(key).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None  # not there, or damaged: it is measured again
        return entry if _is_entry(entry) else None

    def put(self, key: str, entry: dict[str, Any]) -> None:
        """Keep an entry whole or not at all; where that cannot be, `problem` says why."""
        if self._folder is None or self.problem is not None:
            return
        assert set(entry) == _KEYS
        path = self._path(key)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, json.dumps(entry).encode())
        except OSError as error:
            self.problem = (
                f"{self._folder}: measurements cannot be kept there ({error.strerror}), so a "
                "stopped run begins anew; choose another folder with --cache."
            )

    def _path(self, key: str) -> Path:
        assert self._folder is not None
        return self._folder / key[:2] / f"{key}.json"


def _is_entry(entry: object) -> bool:
    if not isinstance(entry, dict) or set(entry) != _KEYS or not isinstance(entry["scores"], dict):
        return False
    numbers = [entry[name] for name in ("seconds", "height", "width")]
    numbers += [0.0 if score is None else score for score in entry["scores"].values()]
    texts = [entry["crop"], *entry["notes"]] if isinstance(entry["notes"], list) else [None]
    return all(isinstance(n, (int, float)) for n in numbers) and all(
        isinstance(t, str) for t in texts
    )


def key_of(parts: dict[str, Any]) -> str:
    """The name of an entry that depends on all of `parts`, plain values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()
