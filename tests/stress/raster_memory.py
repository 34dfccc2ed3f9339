"""Large rasters in little memory: the peak is bounded, and the same for sixteen times the pixels.

python -m tests.stress.raster_memory [--sides 4000,16000] [--models bicubic,tiny] [--cog]
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from tests.helpers.command import peak_of
from tests.helpers.networks import tiny_file
from tests.stress.large_image import BOUND, GROWTH


def make_scene(path: Path, side: int) -> None:
    """One band of uint16 with a frame of nodata, written in windows: it is large itself."""
    import rasterio
    from rasterio.transform import from_origin
    from rasterio.windows import Window

    rng = np.random.default_rng(0)
    profile = {
        "driver": "GTiff",
        "width": side,
        "height": side,
        "count": 1,
        "dtype": "uint16",
        "crs": "EPSG:32633",
        "transform": from_origin(500_000, 4_000_000, 10, 10),
        "nodata": 0,
        "tiled": True,
        "blockxsize": 512,
        "blockysize": 512,
        "compress": "deflate",
    }
    with rasterio.Env(GDAL_CACHEMAX=64 << 20), rasterio.open(path, "w", **profile) as dataset:
        for top in range(0, side, 512):
            rows = np.arange(top, min(top + 512, side))[:, None]
            ramp = 1000 + (rows // 7 + np.arange(side)[None] // 11) % 4096
            samples = (ramp + rng.integers(0, 64, ramp.shape)).astype(np.uint16)
            samples[:, :300] = 0
            dataset.write(samples[None], window=Window(0, top, side, len(rows)))


def run(model: str, source: Path, output: Path, *more: str) -> tuple[int, float]:
    """Peak resident bytes and seconds of one run."""
    arguments = ["raster", str(source), "-o", str(output), "-s", "2", "-m", model]
    arguments += ["--precision", "float32", "--device", "cpu", "-q", *more]
    start = time.monotonic()
    peak = peak_of(*arguments)
    return peak, time.monotonic() - start


def main() -> int:
    """Measure; 0 if every peak is within the bounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sides", default="4000,16000", help="of the rasters, in pixels")
    parser.add_argument("--models", default="bicubic,tiny")
    parser.add_argument("--cog", action="store_true")
    options = parser.parse_args()
    failures = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for model in options.models.split(","):
            peaks = []
            for side in map(int, options.sides.split(",")):
                source, output = folder / "in.tif", folder / "out.tif"
                make_scene(source, side)
                weights = str(tiny_file(folder)) if model == "tiny" else model
                peak, seconds = run(weights, source, output, *(["--cog"] if options.cog else []))
                peaks.append(peak)
                print(
                    f"{model:8} {side}x{side} -> {2 * side}x{2 * side}: {peak / 1e6:.0f} MB, "
                    f"{seconds:.0f} s, {output.stat().st_size / 1e6:.0f} MB written",
                    flush=True,
                )
                output.unlink()
                source.unlink()
            failures += max(peaks) > BOUND or max(peaks) > GROWTH * peaks[0]
    print("failed" if failures else f"all below {BOUND / 1e6:.0f} MB and within 10%")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
