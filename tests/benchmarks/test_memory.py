"""A process's own peak is told apart from that of the process that started it."""

import json
import subprocess
import sys

import numpy as np
import pytest

from benchmarks.memory import peak

OWN = """
import json
from benchmarks.memory import own_peak
print(json.dumps(own_peak()))
"""


def taken_by_a_process() -> int:
    done = subprocess.run([sys.executable, "-c", OWN], capture_output=True, check=True)
    found: int = json.loads(done.stdout)
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
def test_the_starting_process_does_not_count() -> None:
    plain = json.loads(
        subprocess.run([sys.executable, "-c", OWN], capture_output=True, check=True).stdout
    )
    room = np.ones(plain // 8 + 50_000_000)  # more than the process started takes by itself
    again = json.loads(
        subprocess.run([sys.executable, "-c", OWN], capture_output=True, check=True).stdout
    )
    assert room.nbytes > plain
    assert again < 1.2 * plain


def test_a_contender_that_cannot_run_has_no_peak() -> None:
    assert peak("default", "transformers", 16) is None
