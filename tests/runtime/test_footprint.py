"""The model of memory bounds what is measured, and not by far."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from swinsr.inference import prepare
from swinsr.models import from_published
from swinsr.runtime.footprint import footprint, way_of

ROOT = Path(__file__).parents[2]
MEASURE = """
import json, sys
import tests.stress.fit_memory as fit
fit.SIZES = [(320, 320), (96, 900)]
fit.measure(("swinir", sys.argv[1], 60, int(sys.argv[2]), 3), "float32", "cpu")
"""
# Beside the modules there is what oneDNN takes, which differs from run to run by a tenth.
FACTORS = {"native": 2.5, "modules float32": 3.3}


@pytest.mark.skipif(sys.platform != "linux", reason="peaks are read from /proc")
@pytest.mark.parametrize(("head", "scale"), [("pixelshuffledirect", 4), ("", 1)])
@pytest.mark.parametrize("block", ["auto", "modules"])
def test_prediction_bounds_the_measured_peak(
    head: str, scale: int, block: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWINSR_BLOCK", block)
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, head, str(scale)],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    config = {"upscale": scale, "window_size": 8, "depths": [2], "num_heads": [6]}
    network = prepare(from_published("swinir", {**config, "embed_dim": 60, "upsampler": head}))
    for line in done.stdout.splitlines():
        height, width, peak = json.loads(line)
        predicted = footprint(network, height, width)
        way = way_of(network)
        assert peak <= predicted <= FACTORS[way] * peak, (way, height, width, peak)


def test_footprint_grows_with_pixels_width_and_scale() -> None:
    config = {"window_size": 8, "depths": [2], "num_heads": [6], "embed_dim": 60}
    two, four = (
        prepare(from_published("swinir", {**config, "upscale": s, "upsampler": "pixelshuffle"}))
        for s in (2, 4)
    )
    assert footprint(two, 64, 64) < footprint(two, 128, 64) < footprint(two, 256, 256)
    assert footprint(two, 256, 256) < footprint(four, 256, 256)


def test_a_position_embedding_is_counted() -> None:
    config = {"window_size": 8, "depths": [2], "num_heads": [6], "embed_dim": 60, "img_size": 16}
    plain, placed = (
        prepare(from_published("swin2sr", {**config, "upscale": 1, "upsampler": "", "ape": ape}))
        for ape in (False, True)
    )
    more = footprint(placed, 320, 320) - footprint(plain, 320, 320)
    assert way_of(plain) != "native" or more >= 2 * 4 * 320 * 320 * 60
