"""Ctrl-C and the signals that end a program, as an exception that lets everything clean up."""

import _thread
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

_NAMES = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
# Signals that follow the first this soon are the same wish; raised again they would cut short the
# very clean-up that the first one started.
PATIENCE_SECONDS = 2.0
# What `main` says when nothing is kept.
NOTHING_LEFT = "stopped; nothing half-written was left behind"
# Until a raised stop that was lost in a destructor is raised again.
AGAIN_SECONDS = 0.02

_loading = False


class StoppedError(BaseException):
    """The user or the system asked the program to end. No `Exception`: nothing handles it midway.

    Nor is it `KeyboardInterrupt`, which command-line libraries turn into a silent exit.
    """

    def __init__(self, number: int) -> None:
        """`number` is the signal's."""
        super().__init__(number)
        self.number = number
        self.status = 128 + number  # what shells report for it
        self.kept: str | None = None  # the output that the same command goes on with


def take_signals() -> None:
    """Raise `StoppedError` in the main thread on SIGINT, SIGTERM and SIGHUP.

    Signals that the parent had ignored, as `nohup` does, stay ignored. Forked children keep the
    usual behaviour. Call it from the main thread.

    Python drops what is raised in a destructor or a callback of its own; a stop that met one is
    raised again a moment later.
    """
    owner, last = os.getpid(), [-PATIENCE_SECONDS]

    def stop(number: int, frame: FrameType | None) -> None:
        if os.getpid() != owner:
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        if _loading:
            report(NOTHING_LEFT)
            os._exit(128 + number)
        now = time.monotonic()
        if now - last[0] >= PATIENCE_SECONDS:
            last[0] = now
            raise StoppedError(number)

    usual = sys.unraisablehook

    def dropped(what: "sys.UnraisableHookArgs") -> None:
        if not isinstance(what.exc_value, StoppedError):
            usual(what)
            return
        last[0] = -PATIENCE_SECONDS
        number = what.exc_value.number
        threading.Timer(AGAIN_SECONDS, _thread.interrupt_main, (number,)).start()

    sys.unraisablehook = dropped
    for number in _numbers():
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, stop)


@contextmanager
def loading() -> Iterator[None]:
    """Around the import of large libraries, before anything is written: a signal ends the program.

    They import in thousands of places that an exception may come to, and some of them handle it.
    """
    global _loading
    _loading = True
    try:
        yield
    finally:
        _loading = False


def ignore_signals() -> None:
    """What comes while the program is ending changes nothing, its exit status least of all."""
    for number in _numbers():
        signal.signal(number, signal.SIG_IGN)


def _numbers() -> list[signal.Signals]:
    return [signal.Signals[name] for name in _NAMES if name in signal.Signals.__members__]


def report(text: str) -> None:
    """One line on standard error, without the imports that `swinsr.cli.views.console` needs."""
    if sys.stderr is not None:
        with suppress(OSError):
            sys.stderr.write(f"swinsr: {text}\n")
