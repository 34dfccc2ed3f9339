"""Kills a run in tiles at random moments and lets it go on: the result must be the same bytes.

python -m tests.stress.kill9_resume [--kills 50] [--signal KILL|TERM|INT]
"""

import hashlib
import sys
from pathlib import Path

import numpy as np
from PIL import Image as PilImage

from tests.helpers.kills import kill_and_resume, kill_options

SIDE = (420, 300)


def make_input(path: Path) -> None:
    """A picture with texture everywhere, so that no tile is like another."""
    rng = np.random.default_rng(7)
    coarse = rng.integers(0, 256, (SIDE[0] // 6, SIDE[1] // 6, 3), np.uint8)
    PilImage.fromarray(coarse).resize(SIDE[::-1], PilImage.Resampling.BICUBIC).save(path)


def command(source: Path, output: Path) -> list[str]:
    """A run of some dozen tiles."""
    return [
        *(sys.executable, "-m", "swinsr", "upscale", str(source), "-o", str(output)),
        *("-m", "swinsr-light-x2", "--tile", "96", "--precision", "float32", "--device", "cpu"),
    ]


def digest(path: Path) -> str:
    """Of the file's bytes."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def main() -> int:
    """Run; 0 if every resumed result is the uninterrupted one's, and nothing is left behind."""
    options = kill_options(__doc__, 50).parse_args()
    # From the first import to the last byte; what is finished shortens later runs.
    names, share = ("in.png", "out.png"), (0.3, 1.05)
    return kill_and_resume(options, names, make_input, command, digest, share)


if __name__ == "__main__":
    sys.exit(main())
