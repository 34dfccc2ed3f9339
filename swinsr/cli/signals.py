"""Ctrl-C and the signals that end a program, as an exception that lets everything clean up."""

import os
import signal
import sys
import time
from contextlib import suppress
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
# Signals that follow the first this soon are the same wish; raised again they would cut short the
# very clean-up that the first one started.
PATIENCE_SECONDS = 2.0


class StoppedError(BaseException):
    """The user or the system asked the program to end. No `Exception`: nothing handles it midway.

    Nor is it `KeyboardInterrupt`, which command-line libraries turn into a silent exit.
    """

    def __init__(self, number: int) -> None:
        """`number` is the signal's."""
        super().__init__(number)
        self.status = 128 + number  # what shells report for it
        self.kept: str | None = None  # the output that the same command goes on with


def take_signals() -> None:
    """Raise `StoppedError` in the main thread on SIGINT, SIGTERM and SIGHUP.

    Signals that the parent had ignored, as `nohup` does, stay ignored. Forked children keep the
    usual behaviour. Call it from the main thread.
    """
    owner, last = os.getpid(), [-PATIENCE_SECONDS]

    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() != owner:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        now = time.monotonic()
        if now - last[0] >= PATIENCE_SECONDS:
            last[0] = now
            raise StoppedError(number)

    for number in _numbers():
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


def ignore_signals() -> None:
    """What comes while the program is ending changes nothing, its exit status least of all."""
    for number in _numbers():
        signal.signal(number, signal.SIG_IGN)


def _numbers() -> list[signal.Signals]:
    return [signal.Signals[name] for name in _NAMES if name in signal.Signals.__members__]


def report(text: str) -> None:
    """One line on standard error, without the imports that `swinsr.cli.console` needs."""
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(f"swinsr: {text}\n")
