"""The same bytes on Ray: by any number of workers, with workers killed, and with the driver killed.

python -m tests.stress.cluster [--size 6000x5000] [--pictures 40] [--workers 1,2,4] [--kills 10]
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as PilImage

WAIT_SECONDS = 3000.0
_POLL_SECONDS = 0.2


def make_scene(path: Path, width: int, height: int) -> None:
    """Four bands of uint16 with nodata along one side and in spots."""
    import rasterio
    from rasterio.transform import from_origin
    from rasterio.windows import Window

    rng = np.random.default_rng(0)
    profile = {
        "driver": "GTiff",
        "width": width,
        "height": height,
        "count": 4,
        "dtype": "uint16",
        "crs": "EPSG:32633",
        "transform": from_origin(500_000, 4_000_000, 10, 10),
        "nodata": 0,
        "tiled": True,
        "compress": "deflate",
    }
    with rasterio.open(path, "w", **profile) as dataset:
        for top in range(0, height, 512):
            rows = np.arange(top, min(top + 512, height))[:, None]
            ramp = 1000 + (rows // 7 + np.arange(width)[None] // 11) % 4096
            samples = ramp + rng.integers(0, 200, (4, *ramp.shape))
            samples[:, :, : width // 9] = 0
            samples[rng.random(samples.shape) < 1e-4] = 0
            window = Window(0, top, width, len(rows))
            dataset.write(samples.astype(np.uint16), window=window)


def make_pictures(folder: Path, count: int) -> None:
    """Gray, colour, with alpha, 16 bits and JPEG, of several sizes; one is none."""
    folder.mkdir()
    rng = np.random.default_rng(1)
    for number in range(count):
        height, width = 200 + 37 * (number % 7), 300 + 23 * (number % 5)
        samples = rng.integers(0, 256, (height, width, 4), np.uint8)
        kind = number % 5
        if kind == 4:
            PilImage.fromarray(samples[..., :3]).save(folder / f"{number}.jpg")
            continue
        shown = (
            samples[..., 0],
            samples[..., :3],
            samples,
            samples[..., 0].astype(np.uint16) * 200,
        )
        PilImage.fromarray(shown[kind]).save(folder / f"{number}.png")
    (folder / "broken.png").write_bytes(b"no picture")


def digests(place: Path) -> dict[str, str]:
    """Of a file, or of every file in a folder."""
    files = sorted(place.iterdir()) if place.is_dir() else [place]
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def start(*arguments: object) -> "subprocess.Popen[bytes]":
    """The command."""
    command = [sys.executable, "-m", "swinsr", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def finish(process: "subprocess.Popen[bytes]", allowed: Sequence[int] = (0,)) -> str:
    """Its end, and what it said."""
    said = process.communicate(timeout=WAIT_SECONDS)[1].decode()
    if process.returncode not in allowed:
        raise SystemExit(f"exit status {process.returncode}: {said}")
    return said


def workers_of(driver: int) -> list[int]:
    """The processes of actors below a process."""
    parents: dict[int, int] = {}
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            line = (entry / "cmdline").read_bytes()
            stat = (entry / "stat").read_text()
        except OSError:
            continue
        parents[int(entry.name)] = int(stat.rpartition(")")[2].split()[1])
        if line.startswith(b"ray::MapWorker"):
            found.append(int(entry.name))

    def is_below(pid: int) -> bool:
        while pid > 1:
            pid = parents.get(pid, 0)
            if pid == driver:
                return True
        return False

    return [pid for pid in found if is_below(pid)]


def kill_workers(process: "subprocess.Popen[bytes]", kills: int, pause: float) -> int:
    """Kill a worker now and then while the command runs; how many were."""
    killed = 0
    while process.poll() is None and killed < kills:
        time.sleep(random.uniform(0.2, 1.0) * pause)
        alive = workers_of(process.pid)
        if alive:
            victim = random.choice(alive)
            try:
                os.kill(victim, signal.SIGKILL)
                killed += 1
            except ProcessLookupError:
                continue
    return killed


def kill_driver(process: "subprocess.Popen[bytes]", ledger: Path, tiles: int) -> int:
    """Kill the command when so many tiles are done; how many were."""
    while process.poll() is None:
        done = ledger.read_bytes().count(b'"kind": "tile"') if ledger.exists() else 0
        if done >= tiles:
            process.kill()
            process.communicate()
            return done
        time.sleep(_POLL_SECONDS)
    raise SystemExit("the run was over before it could be killed")


def main() -> int:
    """Run; 0 if every result is that of the plain command."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", default="6000x5000", help="of the raster, WIDTHxHEIGHT")
    parser.add_argument("--pictures", type=int, default=40)
    parser.add_argument("--workers", default="1,2,4")
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--pause", type=float, default=20.0, help="the longest, between kills")
    parser.add_argument("--model", default="bicubic")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    random.seed(options.seed)
    width, height = map(int, options.size.split("x"))
    failures = 0

    def tell(what: str, same: bool, began: float) -> None:
        nonlocal failures
        failures += not same
        seconds = time.monotonic() - began
        print(f"{what}: {'identical' if same else 'DIFFERENT'}, {seconds:.0f} s", flush=True)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scene, output = folder / "scene.tif", folder / "out.tif"
        make_scene(scene, width, height)
        make_pictures(folder / "in", options.pictures)
        raster = ("raster", scene, "-o", output, "-s", 2, "-m", options.model, "--device", "cpu")
        upscale = ("upscale", folder / "in", "-s", 2, "-m", options.model, "--device", "cpu")
        began = time.monotonic()
        finish(start(*raster))
        wanted = digests(output)
        output.unlink()
        finish(start(*upscale, "-o", folder / "plain"), (1,))  # one of them is no picture
        wanted_pictures = digests(folder / "plain")
        tell("without Ray", len(wanted_pictures) == options.pictures, began)
        for workers in map(int, options.workers.split(",")):
            began = time.monotonic()
            finish(start(*raster, "--ray", "--workers", workers))
            tell(f"raster, {workers} workers", digests(output) == wanted, began)
            output.unlink()
            began = time.monotonic()
            made = folder / f"out{workers}"
            finish(start(*upscale, "-o", made, "--ray", "--workers", workers), (1,))
            tell(f"folder, {workers} workers", digests(made) == wanted_pictures, began)
        killed = 0
        while killed < options.kills:
            began = time.monotonic()
            process = start(*raster, "--ray", "--workers", 2)
            now = kill_workers(process, options.kills - killed, options.pause)
            finish(process)
            killed += now
            tell(f"raster, {now} workers killed", digests(output) == wanted, began)
            output.unlink()
        began = time.monotonic()
        process = start(*upscale, "-o", folder / "killed", "--ray", "--workers", 2)
        now = kill_workers(process, 3, options.pause)
        finish(process, (1,))
        same = digests(folder / "killed") == wanted_pictures
        tell(f"folder, {now} workers killed", same, began)
        began = time.monotonic()
        ledger = folder / ".out.tif.swinsr" / "ledger"
        done = kill_driver(start(*raster, "--ray", "--workers", 2), ledger, 3)
        said = finish(start(*raster, "--ray", "--workers", 2))
        same = digests(output) == wanted and "tiles of an earlier run" in said
        tell(f"raster, driver killed after {done} tiles and started again", same, began)
        left = {path.name for path in folder.iterdir() if path.name.startswith(".")}
        failures += bool(left)
        print(f"{killed} workers killed, {failures} failures{f', left: {left}' if left else ''}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
