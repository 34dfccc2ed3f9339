"""What needs no cluster to be tested: attempts, tiles at a URL, addresses, lists of names."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PilImage

import swinsr
from swinsr.cli.commands import app
from swinsr.cli.options import cluster_of
from swinsr.cli.views.help import with_address
from swinsr.cluster.journal import MOST_ATTEMPTS, Attempt, Journal
from swinsr.cluster.pictures import _record
from swinsr.cluster.places import SharedFolder, TileUrl
from swinsr.cluster.session import need_ray
from swinsr.errors import ConfigError, SwinsrError
from swinsr.files.engines import Engines
from swinsr.files.plan import Job
from swinsr.files.settings import Settings
from swinsr.install import install_extra
from swinsr.raster.packages import need_rasterio


@pytest.fixture
def job(tmp_path: Path) -> Job:
    PilImage.fromarray(np.zeros((8, 9, 3), np.uint8)).save(tmp_path / "in.png")
    return Job(tmp_path / "in.png", tmp_path / "out.png")


@pytest.mark.parametrize("skip", (False, True))
def test_output_of_a_lost_attempt_is_made_again(skip: bool, job: Job) -> None:
    """Whether the worker died before or after its file was in place."""
    settings = Settings(scale=2, model="bicubic", skip_existing=skip)
    engines, journal = Engines(settings), Journal()
    first = journal.begin(7, job.output.exists())
    assert (first.number, first.was_there, first.record) == (1, False, None)
    record = _record(engines, job, settings, first)
    assert record.status == "done"  # and then it dies, before the journal is told
    again = _record(engines, job, settings, journal.begin(7, job.output.exists()))
    assert again.status == "done"
    journal.finish(7, again.to_json())
    assert journal.begin(7, True).record == again.to_json()
    there = _record(engines, job, settings, Journal().begin(7, True))
    assert there.status == ("skipped" if skip else "failed")


def test_picture_that_kills_its_workers_is_given_up(job: Job) -> None:
    settings = Settings(scale=2, model="bicubic")
    begun = Attempt(MOST_ATTEMPTS + 1, was_there=False, record=None)
    record = _record(Engines(settings), job, settings, begun)
    assert record.status == "failed" and f"died of it {MOST_ATTEMPTS} times" in str(record.error)
    assert not job.output.exists()


def places(folder: Path) -> list[Any]:
    pytest.importorskip("fsspec", reason="fsspec is not installed (the extra `ray`)")
    (folder / "shared").mkdir()
    return [
        SharedFolder(folder / "shared"),
        TileUrl("memory://tiles/a"),
        TileUrl(f"file://{folder}/b"),
    ]


def test_tiles_are_kept_alike_in_folders_and_at_urls(tmp_path: Path) -> None:
    tile = np.random.default_rng(0).random((12, 7, 4), np.float32)
    checks = set()
    for place in places(tmp_path):
        place.check_reached()
        checks.add(place.write("tile-0-3", tile))
        assert np.array_equal(place.rows("tile-0-3", tile.shape, 5, 9), tile[5:9])
        checks.add(place.checksum("tile-0-3", tile.shape))
        assert place.checksum("tile-0-3", (12, 7, 3)) is None
        assert place.checksum("tile-0-4", tile.shape) is None
        place.remove("tile-0-3")
        place.remove("tile-0-3")
        assert place.checksum("tile-0-3", tile.shape) is None
    assert len(checks) == 1
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


def test_place_that_is_not_reached_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="is not seen on"):
        SharedFolder(tmp_path / "nowhere").check_reached()
    with pytest.raises(SwinsrError, match="cannot open it"):
        TileUrl("gopher://tiles").check_reached()


@pytest.mark.parametrize(
    ("typed", "read"),
    (
        ("in -o out --ray", "in -o out --ray local"),
        ("--ray in -o out", "--ray local in -o out"),
        ("--ray --workers 2 in", "--ray local --workers 2 in"),
        ("--ray 10.0.0.1:6379 in", "--ray 10.0.0.1:6379 in"),
        ("--ray ray://head:10001 in", "--ray ray://head:10001 in"),
        ("--ray auto in", "--ray auto in"),
        ("--ray=auto in", "--ray=auto in"),
        ("-- --ray", "-- --ray"),
    ),
)
def test_ray_may_stand_without_an_address(typed: str, read: str) -> None:
    assert with_address(typed.split()) == read.split()


def test_options_of_a_cluster_need_one() -> None:
    assert cluster_of(None, None, None, 1) is None
    for given in (("2", None, 1), (None, 0.5, 1), (None, None, 2)):
        with pytest.raises(ConfigError, match="are of --ray"):
            cluster_of(None, *given)
    with pytest.raises(ConfigError, match="MIN,MAX"):
        cluster_of("local", "1,2,3", None, 1)
    found = cluster_of("local", "1,4", 0.5, 2)
    assert found is not None and found.workers == (1, 4)


@pytest.mark.parametrize("command", ("upscale", "restore"))
def test_processes_and_workers_are_not_given_together(command: str, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    words = [command, str(tmp_path), "--ray", "--jobs", "2"]
    done = CliRunner().invoke(app, [*words, *(("-t", "jpeg") if command == "restore" else ())])
    assert isinstance(done.exception, ConfigError)
    assert "--jobs and --ray contradict each other" in str(done.exception)


def test_list_of_names_is_its_pictures(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    for name in ("a/x.png", "y.png"):
        PilImage.fromarray(np.zeros((8, 9, 3), np.uint8)).save(tmp_path / name)
    (tmp_path / "names.txt").write_text(f"a/x.png\n\n{tmp_path / 'y.png'}\nz.png\n")
    settings = Settings(scale=2, model="bicubic")
    records = list(swinsr.convert_many([tmp_path / "names.txt"], tmp_path / "out", settings))
    assert [record.status for record in records] == ["done", "done", "failed"]
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"x_x2.png", "y_x2.png"}
    (tmp_path / "names.txt").write_text("\n")
    (record,) = swinsr.convert_many([tmp_path / "names.txt"], tmp_path / "out", settings)
    assert "names no picture" in str(record.error)


def test_missing_packages_are_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    monkeypatch.setitem(sys.modules, "rasterio", None)
    with pytest.raises(ConfigError, match=re.escape(install_extra("ray"))):
        need_ray()
    with pytest.raises(ConfigError, match=re.escape(install_extra("raster"))):
        need_rasterio()


def test_neither_ray_nor_rasterio_is_imported_unless_asked_for(tmp_path: Path) -> None:
    PilImage.fromarray(np.zeros((8, 9, 3), np.uint8)).save(tmp_path / "in.png")
    program = (
        "import sys\n"
        "from swinsr.cli.commands import app\n"
        "import swinsr.raster.run, swinsr.cluster.tiles, swinsr.cluster.pictures\n"
        "app(['upscale', 'in.png', '-m', 'bicubic'], standalone_mode=False)\n"
        "print(sorted({'ray', 'rasterio', 'pyarrow'} & set(sys.modules)))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "[]"
