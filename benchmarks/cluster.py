"""What Ray costs on one machine: the same pictures by the plain command's way and by two workers.

python -m benchmarks.cluster [--bicubic 200] [--default 40] [--side 1000] [--workers 2]

Both in one process, the cluster started before; the workers' start is counted, and told. Outputs
are compared first: a run whose files differ gets no time.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from skimage import data

import swinsr
from swinsr.cluster import ClusterSettings, convert
from swinsr.cluster.session import session
from swinsr.image import Image, write_image
from swinsr.image.resize.pillow import resize_image

TARGET = 1.10


def make_pictures(folder: Path, count: int, side: int) -> None:
    """Photographs of one megapixel, each turned or shifted a little."""
    folder.mkdir()
    photo = resize_image(Image(data.astronaut()), side, side).pixels
    for number in range(count):
        write_image(folder / f"{number:03}.png", Image(np.roll(photo, 17 * number, (0, 1))))


def measure(name: str, settings: swinsr.Settings, count: int, side: int, workers: int) -> bool:
    """Time both; whether the target is met."""
    cluster = ClusterSettings(workers=(workers, workers))
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        make_pictures(folder / "in", count, side)
        start = time.perf_counter()
        for record in swinsr.convert_many([folder / "in"], folder / "plain", settings):
            assert record.status == "done", record.error
        plain = time.perf_counter() - start
        first = 0.0
        start = time.perf_counter()
        for record in convert([folder / "in"], folder / "ray", settings, cluster):
            assert record.status == "done", record.error
            first = first or time.perf_counter() - start
        by_ray = time.perf_counter() - start
        for file in (folder / "plain").iterdir():
            if file.read_bytes() != (folder / "ray" / file.name).read_bytes():
                print(f"{name}: {file.name} differs")
                return False
    print(
        f"{name}: {count} pictures, plain {plain:.1f} s, {workers} workers {by_ray:.1f} s, of "
        f"which {first:.1f} s until the first picture; ratio {by_ray / plain:.2f}, at most "
        f"{TARGET}",
        flush=True,
    )
    return by_ray <= TARGET * plain


def main() -> int:
    """Measure; 0 where the targets are met."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--bicubic", type=int, default=200, help="pictures")
    parser.add_argument("--default", type=int, default=40, help="pictures")
    parser.add_argument("--side", type=int, default=1000)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    met = True
    with session(ClusterSettings(workers=(given.workers, given.workers))):
        for name, settings, count in (
            ("bicubic", swinsr.Settings(scale=2, model="bicubic"), given.bicubic),
            ("default", swinsr.Settings(), given.default),
        ):
            if count:
                met &= measure(name, settings, count, given.side, given.workers)
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
