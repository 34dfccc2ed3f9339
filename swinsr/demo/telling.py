"""What a model says while it works, such as that memory did not suffice, kept with its job.

Models are shared between jobs, and each job has a thread of its own.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

_thread = threading.local()


def tell(text: str) -> None:
    """Keep a sentence for the job of this thread; for `Engine.tell`."""
    notes: dict[str, None] | None = getattr(_thread, "notes", None)
    if notes is not None:
        notes[text] = None


@contextmanager
def collected() -> Iterator[dict[str, None]]:
    """What is told in this thread within the block, each sentence once, in order."""
    notes: dict[str, None] = {}
    _thread.notes = notes
    try:
        yield notes
    finally:
        _thread.notes = None
