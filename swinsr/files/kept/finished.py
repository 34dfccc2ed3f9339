"""What earlier runs finished: a rerun over it has nothing to do, and says so.

An output counts as finished where it is as the run left it, its input is as the run read it, and
the settings that the result depends on are the same. What is not known is refused as ever: nothing
is replaced or left out on a guess. The notes lie in the user's cache, one file a folder of outputs;
losing them loses no more than this.
"""

import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any

from swinsr.files.plan import Job
from swinsr.files.settings import Settings
from swinsr.storage.atomic import write_whole
from swinsr.version import __version__

# Settings on which no pixel depends.
_HANDLING = ("max_pixels", "overwrite", "skip_existing", "memory", "resume")
# Superseded notes that a file may hold beside those in force, before it is written anew.
_SLACK = 256
Note = dict[str, Any]


class Finished:
    """The notes on finished outputs, for one set of settings."""

    def __init__(self, settings: Settings) -> None:
        """Nothing is read yet."""
        plain = settings.to_plain()
        used = {key: value for key, value in plain.items() if key not in _HANDLING}
        # A weights file may be another one by the same name.
        of_model = _state(Path(settings.model)) if settings.model is not None else None
        text = json.dumps([used, of_model], sort_keys=True)
        self._settings = hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        self._read: dict[Path, dict[str, Note]] = {}

    def find(self, job: Job) -> str | None:
        """Which version made the output of a job just so; None where that is not known."""
        if job.from_stream or job.to_stream or not os.path.lexists(job.output):
            return None
        folder, name = _place(job.output)
        note = self._notes(folder).get(name)
        wanted = self._note(job)
        if note is None or wanted is None:
            return None
        version = str(note.get("version"))
        return version if {**wanted, "version": version} == note else None

    def add(self, job: Job, since: int) -> None:
        """Note a finished output, unless its input changed after the run began.

        Args:
            job: done.
            since: when the run began, in nanoseconds since the epoch.
        """
        if job.from_stream or job.to_stream:
            return
        note = self._note(job)
        if note is None or note["input_state"][1] >= since:
            return
        file = _file(_place(job.output)[0])
        if file is None:
            return
        line = json.dumps(note, sort_keys=True).encode() + b"\n"
        # A cache that cannot be written costs this alone: the next run does not know the output.
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("ab", buffering=0) as stream:
                stream.write(line)

    def _note(self, job: Job) -> Note | None:
        before, after = _state(job.source), _state(job.output)
        if before is None or after is None:
            return None
        return {
            "output": _place(job.output)[1],
            "output_state": after,
            "input": os.path.realpath(job.source),
            "input_state": before,
            "settings": self._settings,
            "version": __version__,
        }

    def _notes(self, folder: Path) -> dict[str, Note]:
        if folder not in self._read:
            self._read[folder] = _load(_file(folder))
        return self._read[folder]


def _load(file: Path | None) -> dict[str, Note]:
    """The last note on each output; damaged lines count for nothing."""
    if file is None:
        return {}
    try:
        lines = file.read_bytes().splitlines()
    except OSError:
        return {}
    notes: dict[str, Note] = {}
    for line in lines:
        with suppress(ValueError, TypeError, KeyError):
            note = json.loads(line)
            notes[note["output"]] = note
    if len(lines) > 2 * len(notes) + _SLACK:
        kept = b"".join(json.dumps(n, sort_keys=True).encode() + b"\n" for n in notes.values())
        with suppress(OSError):
            write_whole(file, kept)
    return notes


def _file(folder: Path) -> Path | None:
    """The notes on a folder of outputs; None for a user who has no home."""
    from swinsr.zoo.cache import cache_folder

    try:
        cache = cache_folder()
    except RuntimeError:  # what `Path.home` raises
        return None
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:32]
    return cache / "finished" / f"{name}.jsonl"


def _place(output: Path) -> tuple[Path, str]:
    return Path(os.path.realpath(output.parent)), output.name


def _state(path: Path) -> list[int] | None:
    """Size and time of change, which tell a file from what it was before."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return [found.st_size, found.st_mtime_ns]
