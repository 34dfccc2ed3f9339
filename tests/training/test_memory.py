"""The allocator keeps what a training step frees."""

import platform
import subprocess
import sys

import pytest

# Takes and frees 64 MiB again and again; tells the page faults of the last round.
PROGRAM = """
import resource, torch
from swinsr.training.steps.memory import keep_freed_memory
{}
for _ in range(4):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    piece = torch.ones(1 << 24)
    del piece
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(line: str) -> int:
    program = [sys.executable, "-c", PROGRAM.format(line)]
    return int(subprocess.run(program, capture_output=True, text=True, check=True).stdout)


@pytest.mark.slow
@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="an allocator we cannot tell")
def test_second_use_of_memory_makes_no_page_faults() -> None:
    assert faults("") > 1000
    assert faults("assert keep_freed_memory()") < 100
