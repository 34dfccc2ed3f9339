"""Which pictures, and where their results go: no result lost, none mistaken for another."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from swinsr.errors import ConfigError
from swinsr.files.plan import Job, Naming
from swinsr.files.plan import plan_jobs as plan_names
from swinsr.files.sources import Given


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plan_jobs(
    inputs: Sequence[Path], output: Path | str | None, scale: float, **options: Any
) -> list[Job]:
    given = None if output is None else Given.of(str(output))
    naming = Naming(f"_x{scale:g}", options.pop("suffix", None))
    return plan_names([Given(path) for path in inputs], given, naming, **options)


def touch(*names: str) -> list[Path]:
    paths = [Path(name) for name in names]
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return paths


def test_inputs_of_one_name_each_get_an_output() -> None:
    inputs = touch("a/x.png", "b/x.png", "c/x.png", "d/X.png", "e/x.jpg")
    outputs = [str(job.output) for job in plan_jobs(inputs, Path("out"), 4)]
    assert len({output.casefold() for output in outputs}) == len(inputs)
    assert outputs[:3] == ["out/x_x4.png", "out/x_png_x4.png", "out/x_png_x4_2.png"]


def test_one_picture_by_several_spellings_is_done_once(folder: Path) -> None:
    touch("a/x.png")
    (folder / "link").symlink_to("a")
    inputs = [Path("a"), Path("a/x.png"), Path("a/../a/x.png"), folder / "a/x.png", Path("link")]
    assert [job.source for job in plan_jobs(inputs, None, 4)] == [Path("a/x.png")]
    assert [job.output for job in plan_jobs(inputs[1:3], Path("o.png"), 4)] == [Path("o.png")]


def test_an_output_that_is_another_input_is_an_error_of_its_job() -> None:
    inputs = touch("x.png", "x_x4.png")
    first, second = plan_jobs(inputs, None, 4)
    assert first.error is not None
    assert "x_x4.png is another input" in first.error
    assert second.error is None


def test_a_folder_gives_its_pictures_and_no_pipes() -> None:
    touch("f/a.png", "f/b.txt", "f/c.JPG", "f/a_x4.png", "f/d.png/inside.png")
    os.mkfifo("f/pipe.png")
    Path("f/nowhere.png").symlink_to("gone")
    found = [job.source.name for job in plan_jobs([Path("f")], None, 4)]
    assert found == ["a.png", "c.JPG", "nowhere.png"]


def test_several_inputs_do_not_go_into_one_file() -> None:
    a, b = touch("a.png", "b.png")
    with pytest.raises(ConfigError, match="need a folder"):
        plan_jobs([a, b], Path("out.png"), 4)
    assert plan_jobs([a, b], Path("v1.2"), 4)[0].output == Path("v1.2/a_x4.png")


def test_names_too_long_for_the_system_are_left_to_reading_and_writing() -> None:
    long = Path("n" * 300 + ".png")
    assert plan_jobs([long], None, 4)[0].source == long
    assert plan_jobs([Path("a.png")], long, 4)[0].output == long


def test_an_empty_folder_is_told() -> None:
    Path("f").mkdir()
    (job,) = plan_jobs([Path("f")], None, 4)
    assert job.error is not None
    assert "no picture" in job.error
