"""The same bytes whoever computes them, and nothing lost with a worker."""

import functools
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image as PilImage

import swinsr
from swinsr.cluster import ClusterSettings, Upscaling, convert, raster
from swinsr.cluster.pool import Share, answers
from swinsr.cluster.session import session
from swinsr.errors import ConfigError, DeviceError, SwinsrError
from swinsr.raster import RasterSettings
from swinsr.tiling import work_path
from tests.helpers.networks import tiny_file
from tests.raster.scenes import ground, write

ONE, TWO = ClusterSettings(workers=(1, 1)), ClusterSettings(workers=(2, 2))
SHARE = Share(2, 2, 1, 0.0)


def pictures(folder: Path) -> None:
    """Of several kinds, and one that is none."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    for number, mode in enumerate(("L", "RGB", "RGBA", "I;16")):
        shape = (40 + number, 50) + ((len(mode),) if mode in ("RGB", "RGBA") else ())
        kind = np.uint16 if mode == "I;16" else np.uint8
        samples = rng.integers(0, 256, shape).astype(kind)
        PilImage.fromarray(samples).save(folder / f"{number}.png")
    PilImage.fromarray(rng.integers(0, 256, (30, 40, 3), np.uint8)).save(folder / "photo.jpg")
    (folder / "broken.png").write_bytes(b"no picture")


def test_folder_becomes_the_same_files(ray: Any, tmp_path: Path) -> None:
    pictures(tmp_path / "in")
    model = str(tiny_file(tmp_path))
    settings = swinsr.Settings(scale=2, model=model, device="cpu", precision="float32")
    plain = list(swinsr.convert_many([tmp_path / "in"], tmp_path / "plain", settings))
    shares: list[float] = []
    by_ray = list(
        convert([tmp_path / "in"], tmp_path / "ray", settings, TWO, progress=shares.append)
    )

    def told(records: list[Any]) -> dict[str, Any]:
        return {Path(r.input).name: (r.status, r.size, r.model, r.notes, r.error) for r in records}

    assert told(by_ray) == told(plain)
    assert shares[-1] == 1.0 and len(shares) == 6
    names = sorted(path.name for path in (tmp_path / "plain").iterdir())
    assert names == sorted(path.name for path in (tmp_path / "ray").iterdir()) and len(names) == 5
    for name in names:
        assert (tmp_path / "plain" / name).read_bytes() == (tmp_path / "ray" / name).read_bytes()


@pytest.mark.parametrize(
    "words",
    (
        ("restore", "--task", "denoise"),
        pytest.param(("upscale", "-m", "bicubic"), marks=pytest.mark.slow),
    ),
)
def test_commands_write_the_same_files_by_ray(
    ray: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    monkeypatch.setenv("SWINSR_HOME", str(tmp_path / "home"))
    from typer.testing import CliRunner

    from swinsr.cli.commands import app

    pictures(tmp_path / "in")
    common = [words[0], str(tmp_path / "in"), *words[1:], "--device", "cpu", "-o"]
    for name, more in (("plain", ()), ("ray", ("--ray", "--workers", "2"))):
        done = CliRunner().invoke(app, [*common, str(tmp_path / name), *more])
        assert done.exit_code == 1  # one of them is no picture
        assert "1 of 6 pictures failed" in done.stderr
    made = {path.name: path.read_bytes() for path in (tmp_path / "plain").iterdir()}
    assert made == {path.name: path.read_bytes() for path in (tmp_path / "ray").iterdir()}
    assert len(made) == 5


def test_raster_becomes_the_same_file_and_goes_on(ray: Any, tmp_path: Path) -> None:
    """With nodata, in tiles, after tiles of another run, here and there."""
    pytest.importorskip("rasterio", reason="rasterio is not installed (the extra `raster`)")
    samples = ground(4, 100, 130)
    samples[:, :30, :40] = 0
    source = write(tmp_path / "scene.tif", samples, nodata=0)
    settings = RasterSettings(
        scale=2,
        model=str(tiny_file(tmp_path)),
        device="cpu",
        precision="float32",
        tile=48,
        overlap=16,
    )
    whole, output = tmp_path / "whole.tif", tmp_path / "out.tif"
    swinsr.raster.raster(source, whole, settings)
    counts: list[tuple[int, int]] = []

    def stop(done: int, of: int) -> None:
        counts.append((done, of))
        if done == 5:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        raster(source, output, settings, ONE, count=stop)
    assert work_path(output).exists() and not output.exists()
    counts.clear()
    record = raster(source, output, settings, TWO, count=lambda done, of: counts.append((done, of)))
    assert counts[0] == (5, counts[-1][1]) and counts[-1][0] == counts[-1][1]
    assert any("going on with 5 tiles" in note for note in record.notes)
    assert output.read_bytes() == whole.read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {
        *("scene.tif", "whole.tif", "out.tif", "tiny.safetensors"),
    }


@pytest.mark.slow
def test_raster_is_the_same_by_any_number_of_workers_and_with_tiles_at_a_url(
    ray: Any, tmp_path: Path
) -> None:
    pytest.importorskip("rasterio", reason="rasterio is not installed (the extra `raster`)")
    source = write(tmp_path / "scene.tif", ground(3, 100, 130))
    settings = RasterSettings(
        scale=2,
        model=str(tiny_file(tmp_path)),
        device="cpu",
        precision="float32",
        tile=48,
        overlap=16,
    )
    whole, output = tmp_path / "whole.tif", tmp_path / "out.tif"
    swinsr.raster.raster(source, whole, settings)
    tiles = tmp_path / "tiles"
    for cluster in (
        *(ClusterSettings(workers=(number, number)) for number in (1, 2, 4)),
        ClusterSettings(workers=(1, 2), threads=2),
        ClusterSettings(workers=(2, 2), tiles=f"file://{tiles}"),
    ):
        raster(source, output, settings, cluster)
        assert output.read_bytes() == whole.read_bytes()
        output.unlink()
    assert [path for path in tiles.rglob("*") if path.is_file()] == []


@pytest.mark.slow
def test_examples_of_the_guide_run(
    ray: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("rasterio", reason="rasterio is not installed (the extra `raster`)")
    pictures(tmp_path / "photos")
    (tmp_path / "photos/broken.png").unlink()
    write(tmp_path / "scene.tif", ground(3))
    monkeypatch.chdir(tmp_path)
    text = (Path(__file__).parents[2] / "docs/cluster.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) == 2
    for block in blocks:
        exec(block, {})
    assert len(list((tmp_path / "bigger").iterdir())) == 5
    assert (tmp_path / "scene_x2.tif").exists()
    said = capsys.readouterr().out
    assert said.count("bicubic, float32") == 5 and said.count("photos/") == 10


def killed_once(marker: Path) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def answer(row: dict[str, Any]) -> dict[str, Any]:
        if row["number"] == 5 and not marker.exists():
            marker.touch()
            os.kill(os.getpid(), 9)
        (marker.parent / f"done-{row['number']}-{os.getpid()}").touch()
        return {"number": row["number"]}

    return answer


def test_rows_of_a_lost_worker_are_done_again(ray: Any, tmp_path: Path) -> None:
    rows = [{"number": number} for number in range(20)]
    begin = functools.partial(killed_once, tmp_path / "killed")
    with answers(ray, rows, begin, SHARE) as coming:
        assert sorted(answer["number"] for answer in coming) == list(range(20))
    assert (tmp_path / "killed").exists()
    times = [path.name.split("-")[1] for path in tmp_path.glob("done-*")]
    assert set(times) == {str(number) for number in range(20)}
    # Of the lost worker's at most the one whose answer died with it; of the other's none.
    assert len(times) <= 21


def without_model() -> Callable[[dict[str, Any]], dict[str, Any]]:
    raise ConfigError("no such model")


def test_worker_that_cannot_begin_ends_the_run_with_its_reason(ray: Any) -> None:
    told = f"worker on {socket.gethostname()}: no such model"
    with (
        answers(ray, [{"number": 0}], without_model, Share(1, 1, 1, 0.0)) as coming,
        pytest.raises(DeviceError, match=told),
    ):
        list(coming)


def test_pipelines_of_ray_data_take_the_actor_as_it_is(ray: Any, tmp_path: Path) -> None:
    settings = swinsr.Settings(scale=2, model="bicubic", device="cpu")
    images = np.random.default_rng(0).integers(0, 256, (6, 20, 30, 3), np.uint8)
    dataset = ray.data.from_items([{"id": i, "image": image} for i, image in enumerate(images)])
    bigger = dataset.map_batches(
        Upscaling,
        fn_constructor_kwargs={"settings": settings},
        batch_size=2,
        compute=ray.data.ActorPoolStrategy(size=1),
    )
    upscaler = swinsr.Upscaler.from_pretrained("bicubic")
    rows = {row["id"]: row["image"] for row in bigger.iter_rows()}
    assert sorted(rows) == list(range(6))
    for index, image in enumerate(images):
        assert np.array_equal(rows[index], upscaler(image, 2))


def test_cluster_that_lacks_what_a_worker_needs_is_told(ray: Any, tmp_path: Path) -> None:
    pictures(tmp_path / "in")
    settings = swinsr.Settings(scale=2, model="bicubic")
    for cluster in (ClusterSettings(gpus_per_worker=1), ClusterSettings(threads=999)):
        with pytest.raises(DeviceError, match="a worker needs"):
            list(convert([tmp_path / "in"], tmp_path / "out", settings, cluster))
    assert not (tmp_path / "out").exists()


def test_address_without_a_cluster_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("ray", reason="Ray is not installed (the extra `ray`)")
    import ray

    monkeypatch.setattr(ray, "is_initialized", lambda: False)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))  # bound and not listening
        port = free.getsockname()[1]
        for address in (f"127.0.0.1:{port}", f"ray://127.0.0.1:{port}"):
            with (
                pytest.raises(DeviceError, match="there is no Ray cluster at"),
                session(ClusterSettings(address)),
            ):
                pass


def test_settings_that_are_none_are_refused() -> None:
    for wrong in (
        {"workers": (0, 2)},
        {"workers": (3, 2)},
        {"threads": 0},
        {"gpus_per_worker": 1.5},
        {"gpus_per_worker": -1},
        {"address": ""},
    ):
        with pytest.raises(SwinsrError):
            ClusterSettings(**wrong)  # type: ignore[arg-type]
