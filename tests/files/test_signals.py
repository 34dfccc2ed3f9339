"""Signals that come where Python or a library would drop what their handler raises."""

import signal
import subprocess
import sys

import pytest

NOTHING_LEFT = "swinsr: stopped; nothing half-written was left behind\n"

IN_A_DESTRUCTOR = """
import os, signal, time
from swinsr.files import signals

class Dying:
    def __del__(self):
        os.kill(os.getpid(), {number})
        for _ in range(100_000):
            pass

signals.take_signals()
try:
    Dying()
    for _ in range(2000):
        time.sleep(0.01)
except signals.StoppedError as stopped:
    raise SystemExit(stopped.status)
"""

WHILE_LOADING = """
import os, time
from swinsr.files import signals

signals.take_signals()
with signals.loading():
    try:
        os.kill(os.getpid(), {number})
        time.sleep(20)
    except BaseException:
        pass
"""


def run(script: str, number: int) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-c", script.format(number=number)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    return done.returncode, done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals between processes")
@pytest.mark.parametrize("number", [signal.SIGINT.value, signal.SIGTERM.value])
def test_a_stop_that_meets_a_destructor_is_raised_again(number: int) -> None:
    assert run(IN_A_DESTRUCTOR, number) == (128 + number, "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals between processes")
@pytest.mark.parametrize("number", [signal.SIGINT.value, signal.SIGTERM.value])
def test_a_stop_while_libraries_load_ends_at_once(number: int) -> None:
    assert run(WHILE_LOADING, number) == (128 + number, NOTHING_LEFT)
