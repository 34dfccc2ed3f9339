"""Time the networks side by side with other installed implementations.

    python -m benchmarks --networks swinir-m-x4 --sizes 256 --runs 5 -o benchmarks/results

Every contender's output is checked first; all are then timed in turn, in this one process. What
to install for the other implementations: docs/benchmarks.md.
"""

import argparse
import sys
from pathlib import Path

import torch

from benchmarks.contenders import CONTENDERS
from benchmarks.floor import Floor
from benchmarks.measure import Row, measure, quote
from benchmarks.memory import peak
from benchmarks.networks import NAMES
from benchmarks.report import markdown, write


def main() -> int:
    """Measure and report."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--networks", nargs="+", default=list(NAMES), choices=NAMES)
    parser.add_argument("--sizes", nargs="+", type=int, default=[64, 128, 256])
    names = [contender.name for contender in CONTENDERS]
    parser.add_argument("--contenders", nargs="+", default=[], choices=names, metavar="NAME")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--threads", type=int, default=0, help="0: torch's own choice")
    parser.add_argument("--memory", action="store_true", help="peak of each in its own process")
    parser.add_argument("-o", "--output", type=Path, help="folder for JSON, Markdown and plot")
    parser.add_argument("--name", default="speed", help="of the files in that folder")
    given = parser.parse_args()
    if given.threads:
        torch.set_num_threads(given.threads)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    floor = Floor()
    rows: list[Row] = []
    for name in given.networks:
        for side in given.sizes:
            rows += measure(
                name, side, contenders=given.contenders, runs=given.runs, floor=floor, say=say
            )
            quote(rows, floor)
            if given.output:  # what is measured stays, whatever comes next
                write(rows, floor.rates, given.output, given.name)
    if given.memory:
        for row in rows:
            if row.seconds:
                say(f"{row.network} {row.side}x{row.side}: memory of {row.contender}")
                row.peak = peak(row.network, row.contender, row.side)
    print(markdown(rows, floor.rates))
    if given.output:
        write(rows, floor.rates, given.output, given.name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
