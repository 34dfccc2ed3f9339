"""The program in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

Done = subprocess.CompletedProcess[str]

# Prints the process's peak of resident memory in KiB when it ends. Read from /proc: what `wait4`
# tells begins with the memory of the parent.
_WITH_PEAK = """
from pathlib import Path
from swinsr.cli import main
try:
    main()
finally:
    lines = Path("/proc/self/status").read_text().splitlines()
    print(next(line.split()[1] for line in lines if line.startswith("VmHWM")))
"""


def run_python(*arguments: object, seconds: float = 300, **options: Any) -> Done:
    """Run the interpreter; `options` are of `subprocess.run`, both outputs are kept as text."""
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "check": False}
    return subprocess.run(
        [sys.executable, *map(str, arguments)], **{**output, "timeout": seconds, **options}
    )


def run_module(*arguments: object, cwd: Path, seconds: float = 300) -> Done:
    """Run `python -m` on one thread."""
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    return run_python("-m", *arguments, cwd=cwd, env=environment, seconds=seconds)


def peak_of(*arguments: object) -> int:
    """Peak resident bytes of the command; Linux alone.

    Raises:
        SystemExit: the command failed.
    """
    done = run_python("-c", _WITH_PEAK, *arguments, seconds=7200, stderr=None)
    if done.returncode:
        raise SystemExit(f"{' '.join(map(str, arguments))}: failed with {done.returncode}")
    return 1024 * int(done.stdout.splitlines()[-1])
