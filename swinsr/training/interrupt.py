"""Ctrl-C and SIGTERM end a run after the step at hand; a second one ends it at once."""

import signal
import threading
from types import FrameType, TracebackType
from typing import Any


class Interrupt:
    """Whether the run was asked to stop, while the block runs."""

    def __init__(self) -> None:
        """Nothing asked yet."""
        self.asked = False
        self._previous: dict[int, Any] = {}

    def __enter__(self) -> "Interrupt":
        """Take the signals over; only a process's main thread can."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._previous[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Give them back."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
