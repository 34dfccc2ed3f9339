"""`swinsr raster` as it is typed: what it says, and what a stop or a full disk leave."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from swinsr.raster import RasterSettings, raster
from swinsr.tiling import work_path
from tests.helpers.command import Done, run_python
from tests.helpers.networks import tiny_file
from tests.raster.scenes import ground, read, write

rasterio = pytest.importorskip("rasterio", reason="rasterio is not installed")
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def swinsr(folder: Path, *arguments: object, before: str = "") -> Done:
    """The command; `before` is Python that runs before it."""
    program = f"{before}\nfrom swinsr.cli import main\nmain()"
    return run_python("-c", program, *arguments, cwd=folder, env=ENVIRONMENT)


def test_command_enlarges_bands_in_the_order_given(tmp_path: Path) -> None:
    write(tmp_path / "scene.tif", ground(), nodata=0)
    done = swinsr(
        tmp_path, "raster", "scene.tif", "-s", 3, "-m", "bicubic", "--bands", "4,2", "--cog"
    )
    assert done.returncode == 0, done.stderr
    assert "130x90 -> 390x270" in done.stdout
    raster(
        tmp_path / "scene.tif",
        tmp_path / "all.tif",
        RasterSettings(scale=3, model="bicubic", device="cpu"),
    )
    assert np.array_equal(read(tmp_path / "scene_x3.tif"), read(tmp_path / "all.tif")[[3, 1]])
    again = swinsr(tmp_path, "raster", "scene.tif", "-s", 3, "-m", "bicubic")
    assert again.returncode == 1
    assert again.stderr.count("\n") == 1 and "already there" in again.stderr


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGKILL")
@pytest.mark.parametrize("number", (signal.SIGKILL, signal.SIGTERM))
def test_stopped_command_goes_on_to_the_same_bytes(
    number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = write(tmp_path / "scene.tif", ground(4, 160, 200), nodata=0)
    network = tiny_file(tmp_path)
    arguments = ("raster", source, "-s", 2, "-m", network, "--tile", 48, "--overlap", 16)
    settings = RasterSettings(scale=2, model=str(network), tile=48, overlap=16)
    whole, output = tmp_path / "whole.tif", tmp_path / "out.tif"
    raster(source, whole, settings)
    # A tile takes a while, so that the signal meets a run that is at work.
    slowly = (
        "import time, swinsr.tiling.workspace as w\n"
        "put = w.WorkStore.put\n"
        "w.WorkStore.put = lambda *given: (put(*given), time.sleep(0.3))\n"
    )
    program = f"{slowly}\nfrom swinsr.cli import main\nmain()"
    process = subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments), "-o", str(output)],
        env=ENVIRONMENT,
        stderr=subprocess.PIPE,
        text=True,
    )
    ledger = work_path(output) / "ledger"
    deadline = time.monotonic() + 120
    while not (ledger.exists() and ledger.read_bytes().count(b'"kind": "tile"') >= 3):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert not output.exists()
    if number == signal.SIGTERM:
        assert "unfinished work" in said and "goes on with it" in said
    monkeypatch.chdir(tmp_path)
    record = raster("scene.tif", "out.tif", settings)  # by other names
    assert any("tiles of an earlier run" in note for note in record.notes)
    assert not work_path(output).exists()
    digests = {hashlib.sha256(file.read_bytes()).hexdigest() for file in (whole, output)}
    assert len(digests) == 1


@pytest.mark.skipif(os.name == "nt", reason="Windows has no limit of file sizes")
@pytest.mark.parametrize("cog", (False, True))
def test_full_disk_is_one_sentence_and_no_file(cog: bool, tmp_path: Path) -> None:
    noise = np.random.default_rng(0).integers(1, 65536, (1, 400, 400)).astype(np.uint16)
    source = write(tmp_path / "scene.tif", noise)
    # The raw rows fit; the file itself, with its overviews, does not, and GDAL does not say so.
    limit = 800 * 800 * 2 + 4096
    before = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}))"
    done = swinsr(
        tmp_path,
        *("raster", source, "-o", "out.tif", "-s", 2, "-m", "nearest", "--compress", "none"),
        *("--tile", 64, "--overlap", 16, *(["--cog"] if cog else [])),
        before=before,
    )
    assert done.returncode == 1, done.stdout
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    assert "out.tif" in done.stderr and "disk" in done.stderr
    assert not (tmp_path / "out.tif").exists()
