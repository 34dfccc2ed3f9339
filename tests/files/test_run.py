"""A picture file in, a picture file out: from Python, with what the command gives."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PilImage
from typer.testing import CliRunner

import swinsr
from swinsr import Settings, convert_many, upscale_file
from swinsr.cli.commands import app
from swinsr.errors import ConfigError, ImageReadError, OutputExistsError
from swinsr.files.settings import Settings as SettingsHere
from swinsr.image import read_image
from tests.cli.test_large import picture

TWICE = Settings(model="swinsr-light-x2", device="cpu", precision="float32")
BICUBIC = Settings(model="bicubic", scale=2)


def test_names_are_there_before_they_are_loaded() -> None:
    assert {"upscale", "upscale_file", "convert_many", "Settings", "Upscaler"} <= set(dir(swinsr))
    assert SettingsHere is swinsr.Settings
    with pytest.raises(AttributeError, match="upscal"):
        swinsr.upscal  # noqa: B018


def test_a_file_becomes_what_the_command_makes_of_it(tmp_path: Path) -> None:
    source = picture(tmp_path / "in.png", 40, 50, alpha=True)
    shares: list[float] = []
    record = upscale_file(source, tmp_path / "ours.png", TWICE, shares.append)
    assert (record.status, record.size, record.output_size) == ("done", (50, 40), (100, 80))
    assert (record.model, record.precision) == ("swinsr-light-x2", "float32")
    assert record.seconds > 0
    assert shares[-1] == pytest.approx(1.0)
    arguments = ["upscale", str(source), "-o", str(tmp_path / "theirs.png")]
    arguments += ["-m", "swinsr-light-x2", "--device", "cpu", "--precision", "float32"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    assert (tmp_path / "ours.png").read_bytes() == (tmp_path / "theirs.png").read_bytes()


def test_a_file_is_named_beside_its_source(tmp_path: Path) -> None:
    record = upscale_file(picture(tmp_path / "in.png", 8, 8), settings=BICUBIC)
    assert Path(record.output) == tmp_path / "in_x2.png"
    (tmp_path / "d").mkdir()
    inside = upscale_file(tmp_path / "in.png", tmp_path / "d", BICUBIC)
    assert Path(inside.output) == tmp_path / "d" / "in_x2.png"


def test_what_goes_wrong_is_raised(tmp_path: Path) -> None:
    with pytest.raises(ImageReadError, match=r"missing\.png"):
        upscale_file(tmp_path / "missing.png", tmp_path / "out.png", BICUBIC)
    source = picture(tmp_path / "in.png", 8, 8)
    upscale_file(source, tmp_path / "out.png", BICUBIC)
    with pytest.raises(OutputExistsError, match="already there"):
        upscale_file(source, tmp_path / "out.png", BICUBIC)
    (tmp_path / "d").mkdir()
    for name in "ab":
        picture(tmp_path / "d" / f"{name}.png", 8, 8)
    with pytest.raises(ConfigError, match="several pictures"):
        upscale_file(tmp_path / "d", None, BICUBIC)


@pytest.mark.parametrize("jobs", [1, 2])
def test_many_files_give_a_record_each(tmp_path: Path, jobs: int) -> None:
    (tmp_path / "d").mkdir()
    for name in "abc":
        picture(tmp_path / "d" / f"{name}.png", 9, 7)
    (tmp_path / "d" / "b.png").write_bytes(b"no picture")
    shares: list[float] = []
    found = convert_many(
        [tmp_path / "d"], tmp_path / "out", BICUBIC, jobs=jobs, progress=shares.append
    )
    records = {Path(r.input).stem: r for r in found}
    assert {n: r.status for n, r in records.items()} == {"a": "done", "b": "failed", "c": "done"}
    assert "b.png" in (records["b"].error or "")
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["a_x2.png", "c_x2.png"]
    assert shares[-1] == pytest.approx(1.0)
    assert shares == sorted(shares)


def test_leaving_early_ends_the_run(tmp_path: Path) -> None:
    for name in "abcdefgh":
        picture(tmp_path / f"{name}.png", 9, 7)
    records = convert_many([tmp_path], tmp_path / "out", BICUBIC)
    next(records)
    records.close()
    written = sorted(p.name for p in (tmp_path / "out").iterdir())
    assert "a_x2.png" in written
    assert len(written) < 8
    assert not [name for name in written if name.startswith(".")]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"task": "paint"}, "unknown task"),
        ({"task": "denoise", "scale": 2.0}, "keeps a picture's size"),
        ({"task": "denoise", "width": 20}, "keeps a picture's size"),
        ({"strength": 0.5}, "of a restoration"),
        ({"task": "jpeg", "strength": 1.5}, "between 0 and 1"),
        ({"quality": 0}, "between 1 and 100"),
        ({"scale": 0.5}, "scale is between"),
        ({"bits": 12}, "8, 16 or 32"),
        ({"overwrite": True, "skip_existing": True}, "contradict"),
    ],
)
def test_settings_are_checked_when_they_are_made(values: dict[str, object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        Settings(**values)  # type: ignore[arg-type]


def test_settings_survive_json() -> None:
    settings = Settings(task="jpeg", strength=0.5, format="png", tile=64, memory=1 << 30)
    assert Settings(**settings.to_plain()) == settings
    plain = (field.default for field in dataclasses.fields(Settings))
    assert all(isinstance(value, str | int | float | None) for value in plain)


def whole_and_tiled(tmp_path: Path, settings: Settings) -> tuple[np.ndarray, np.ndarray]:
    source = picture(tmp_path / "in.png", 90, 110)
    for name, mode in (("whole.png", {"mode": "exact"}), ("tiles.png", {"tile": 72})):
        upscale_file(source, tmp_path / name, dataclasses.replace(settings, **mode))  # type: ignore[arg-type]
    pair = [read_image(tmp_path / name).pixels.astype(int) for name in ("whole.png", "tiles.png")]
    assert not [file for file in tmp_path.iterdir() if file.name.startswith(".")]
    return pair[0], pair[1]


@pytest.mark.parametrize(
    "settings",
    [
        dataclasses.replace(TWICE, self_ensemble=True),
        dataclasses.replace(TWICE, scale=3.0),
        Settings(task="denoise", strength=0.5, device="cpu", precision="float32"),
    ],
    ids=["ensemble", "two passes", "strength"],
)
def test_engines_made_of_engines_go_through_tiles(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    from swinsr.files.tiled import large

    went: list[int | None] = []
    real = large.convert_large
    monkeypatch.setattr(large, "convert_large", lambda *a: went.append(a[3].tile) or real(*a))
    whole, tiles = whole_and_tiled(tmp_path, settings)
    assert went == [72]
    assert (np.abs(whole - tiles) > 1).mean() <= 1e-3


def test_one_line_takes_every_kind_of_picture(tmp_path: Path) -> None:
    source = picture(tmp_path / "in.png", 12, 9)
    from_path = swinsr.upscale(source, 2, model="bicubic")
    assert isinstance(from_path, PilImage.Image)
    assert from_path.size == (18, 24)
    with PilImage.open(source) as opened:
        from_pil = swinsr.upscale(opened, 2, model="bicubic")
    from_array = swinsr.upscale(np.asarray(read_image(source).pixels), 2, model="bicubic")
    assert np.array_equal(np.asarray(from_path), np.asarray(from_pil))
    assert np.array_equal(np.asarray(from_path), from_array)
