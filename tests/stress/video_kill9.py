"""Kills a video at random moments and lets it go on: the frames and the sound must be the same.

python -m tests.stress.video_kill9 [--kills 10] [--signal KILL|TERM|INT] [--minutes 1]
"""

import hashlib
import sys
from pathlib import Path

import av

from tests.helpers.kills import kill_and_resume, kill_options
from tests.stress.video_memory import make_clip


def command(source: Path, output: Path, preset: str) -> list[str]:
    """A run of some thirty groups a minute."""
    return [
        *(sys.executable, "-m", "swinsr", "video", str(source), "-o", str(output)),
        *("--scale", "2", "-m", "bicubic", "--preset", preset),
    ]


def digest(path: Path) -> str:
    """Of all frames with their times, and of the packets of sound with theirs."""
    total = hashlib.sha256()
    with av.open(str(path)) as container:
        for frame in container.decode(container.streams.video[0]):
            total.update(f"{frame.pts} {frame.width}x{frame.height}".encode())
            total.update(frame.to_ndarray().tobytes())
    with av.open(str(path)) as container:
        for packet in container.demux(container.streams.audio[0]):
            total.update(f"{packet.pts}".encode() + bytes(packet))
    return total.hexdigest()


def main() -> int:
    """Run; 0 if every resumed result is the uninterrupted one's, and nothing is left behind."""
    parser = kill_options(__doc__, 10)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--preset", default="ultrafast")
    options = parser.parse_args()

    def make(path: Path) -> None:
        make_clip(path, options.minutes)

    def words(source: Path, output: Path) -> list[str]:
        return command(source, output, options.preset)

    return kill_and_resume(options, ("in.mp4", "out.mp4"), make, words, digest, (0.2, 1.0))


if __name__ == "__main__":
    sys.exit(main())
