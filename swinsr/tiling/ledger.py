"""A file of records that survives what happens to the program and the machine.

One record a line, each with its checksum: what a power loss cut short does not count.
"""

import json
import os
import zlib
from pathlib import Path
from typing import Any

Record = dict[str, Any]


class Ledger:
    """Records in the order in which they were made."""

    def __init__(self, path: Path) -> None:
        """Read what is there, up to the first line that is damaged; the rest is cut off.

        Raises:
            OSError: the file cannot be read or written.
        """
        self._stream = path.open("a+b", buffering=0)
        self._stream.seek(0)
        self.records, sound = _sound(self._stream.read())
        self._stream.truncate(sound)

    def add(self, **fields: Any) -> None:
        """Append a record; it is on the disk when this returns.

        Raises:
            OSError: the disk does not take it.
        """
        text = json.dumps(fields, sort_keys=True).encode()
        self._stream.write(b"%08x %s\n" % (zlib.crc32(text), text))
        self.records.append(fields)  # it counts even if what follows is interrupted
        os.fsync(self._stream.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()


def read_ledger(path: Path) -> list[Record]:
    """The records of a ledger that is left as it is; none where it cannot be read."""
    try:
        return _sound(path.read_bytes())[0]
    except OSError:
        return []


def _sound(content: bytes) -> tuple[list[Record], int]:
    """The records up to the first line that is damaged, and the bytes that they take."""
    records: list[Record] = []
    size = 0
    for line in content.splitlines(keepends=True):
        record = _parsed(line)
        if record is None:
            break
        records.append(record)
        size += len(line)
    return records, size


def _parsed(line: bytes) -> Record | None:
    check, _, text = line.partition(b" ")
    if not text.endswith(b"\n") or check != b"%08x" % zlib.crc32(text[:-1]):
        return None
    record: Record = json.loads(text)
    return record
