"""A program in a process of its own that ends in time, with all that it started."""

import contextlib
import os
import signal
import subprocess
from collections.abc import Sequence


class Late(Exception):
    """It was not done in time, and was ended."""


def finish(command: Sequence[str], seconds: float) -> tuple[int, str, str]:
    """Run a program.

    Args:
        command: its words.
        seconds: after which it and its children are ended.

    Returns:
        Exit status, output, errors.

    Raises:
        Late: that happened.
    """
    # A compiler has processes of its own; a session makes them one group.
    child = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=os.name == "posix",
    )
    try:
        output, errors = child.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise Late from error
    finally:
        if child.poll() is None:
            _end(child)
    return child.returncode, output, errors


def _end(child: "subprocess.Popen[str]") -> None:
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
    else:
        child.kill()
    child.communicate()
