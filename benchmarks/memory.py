"""Peak memory of one contender in a process of its own.

python -m benchmarks.memory NETWORK CONTENDER SIDE
"""

import json
import resource
import subprocess
import sys
from pathlib import Path

import torch

from benchmarks.contenders import CONTENDERS, Unavailable
from benchmarks.networks import network


def peak(name: str, contender: str, side: int, timeout: float = 1800.0) -> float | None:
    """Largest resident size in bytes of a process that runs it once; None where it cannot."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.memory", name, contender, str(side)],
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if done.returncode:
        return None
    value: float = json.loads(done.stdout)["peak"]
    return value


def main() -> int:
    """Run once and print the peak as JSON."""
    name, wanted, side = sys.argv[1], sys.argv[2], int(sys.argv[3])
    contender = next(c for c in CONTENDERS if c.name == wanted)
    try:
        run = contender.make(network(name), (side, side))
    except Unavailable as error:
        print(error, file=sys.stderr)
        return 1
    run(torch.rand(1, 3, side, side))
    print(json.dumps({"peak": own_peak()}))
    return 0


def own_peak() -> int:
    """Largest resident size of this process so far, in bytes.

    Linux's getrusage counts what the starting process had at the start as well; /proc does not.
    """
    try:
        lines = Path("/proc/self/status").read_text("ascii").splitlines()
        return 1024 * next(int(line.split()[1]) for line in lines if line.startswith("VmHWM"))
    except (OSError, StopIteration):
        unit = 1 if sys.platform == "darwin" else 1024
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    sys.exit(main())
