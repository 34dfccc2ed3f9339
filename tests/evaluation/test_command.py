"""`swinsr evaluate`: options, reports, exit status."""

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from swinsr.cli import app
from swinsr.errors import ConfigError, SwinsrError

RUNNER = CliRunner()


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    monkeypatch.delenv("SWINSR_DATA", raising=False)


def run(*arguments: object) -> Result:
    return RUNNER.invoke(app, ["evaluate", *(str(a) for a in arguments)])


def test_prints_a_table_and_writes_every_report(paired_set: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    result = run("-m", "bicubic", "-m", "nearest", "-s", 2, paired_set, "-o", out)
    assert result.exit_code == 0, result.output
    assert "| bicubic | paired | x2 | Y |" in result.stdout
    names = ["evaluation.csv", "evaluation.html", "evaluation.json", "evaluation.md"]
    assert sorted(path.name for path in out.iterdir()) == names
    document = json.loads((out / "evaluation.json").read_text("utf-8"))
    assert [r["model"] for r in document["results"]] == ["bicubic", "nearest"]


def test_json_goes_where_it_is_told(paired_set: Path, tmp_path: Path) -> None:
    result = run("--model", "bicubic", "--scale", 2, paired_set, "--json", tmp_path / "r.json")
    assert result.exit_code == 0
    assert len(json.loads((tmp_path / "r.json").read_text())["results"][0]["images"]) == 3


def test_failures_give_status_1_after_the_reports(paired_set: Path, tmp_path: Path) -> None:
    (paired_set / "HR" / "broken.png").write_bytes(b"no picture")
    result = run("-m", "bicubic", "-s", 2, paired_set, "--json", tmp_path / "r.json")
    assert result.exit_code == 1
    assert "broken.png" in result.stderr and "one picture could not be measured" in result.stderr
    assert len(json.loads((tmp_path / "r.json").read_text())["results"][0]["images"]) == 3


def test_a_known_name_is_looked_for_in_the_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = run("-m", "bicubic", "Set5", "--data", tmp_path)
    assert isinstance(result.exception, ConfigError) and "HR/NAME.png" in str(result.exception)
    monkeypatch.setenv("SWINSR_DATA", str(tmp_path / "none"))
    assert "none: there is no such folder" in str(run("-m", "bicubic", "Set5").exception)


def test_without_a_model_the_bundled_one_meets_bicubic(hr_set: Path) -> None:
    for path in sorted(hr_set.iterdir())[1:]:
        path.unlink()
    result = run(hr_set, "--scale", 4, "--quiet")
    assert result.exit_code == 0, result.exception
    rows = [line.split(" | ")[0] for line in result.stdout.splitlines()[2:]]
    assert rows == ["| bicubic", "| swinsr-light-x4"]


def test_a_second_run_takes_what_was_measured(paired_set: Path, tmp_path: Path) -> None:
    def cached(*more: object) -> list[bool]:
        run("-m", "nearest", "-s", 2, paired_set, "--json", tmp_path / "r.json", *more)
        result = json.loads((tmp_path / "r.json").read_text())["results"][0]
        return [image["cached"] for image in result["images"]]

    assert cached() == [False] * 3
    assert (tmp_path / "xdg" / "swinsr" / "evaluation").is_dir()
    assert cached() == [True] * 3
    assert cached("--no-cache") == [False] * 3
    assert cached("--cache", tmp_path / "other") == [False] * 3


@pytest.mark.parametrize("option", ["--json", "--csv", "--markdown", "--html"])
def test_a_report_that_cannot_be_written_is_said_before_measuring(
    paired_set: Path, tmp_path: Path, option: str
) -> None:
    result = run("-m", "bicubic", paired_set, option, tmp_path / "none" / "r")
    assert isinstance(result.exception, SwinsrError) and "does not exist" in str(result.exception)
    result = run("-m", "bicubic", paired_set, option, tmp_path)
    assert isinstance(result.exception, SwinsrError) and "is a folder" in str(result.exception)


@pytest.mark.parametrize(
    "wrong",
    [("-m", "bicubik"), ("--padding", "zero"), ("--scale", 0), ("--quality", 101), ("--noise", -1)],
)
def test_wrong_options_are_one_sentence(paired_set: Path, wrong: tuple[object, ...]) -> None:
    result = run(paired_set, *wrong)
    assert isinstance(result.exception, SwinsrError)
    assert "\n" not in str(result.exception)


@pytest.mark.parametrize("wrong", [("-m", "no-such-model"), ("no-such-folder",)])
def test_what_cannot_be_measured_leaves_no_folder(
    wrong: tuple[str, ...], paired_set: Path, tmp_path: Path
) -> None:
    out = tmp_path / "new" / "reports"
    assert run(paired_set, *wrong, "-o", out).exit_code != 0
    assert not out.parent.exists()


@pytest.mark.parametrize("place", ["file", "file/reports", "link", "link/reports"])
def test_a_folder_that_cannot_be_is_said_before_measuring(
    place: str, paired_set: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    refused = run(paired_set, "-m", "bicubic", "-s", 2, "-o", tmp_path / place)
    assert "no folder that can be written to" in str(refused.exception)
    assert "bicubic" not in refused.output


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read all")
def test_a_folder_below_one_that_cannot_be_read_is_refused(
    paired_set: Path, tmp_path: Path
) -> None:
    (tmp_path / "locked").mkdir(mode=0)
    refused = run(paired_set, "-m", "bicubic", "-s", 2, "-o", tmp_path / "locked" / "reports")
    assert "no folder that can be written to" in str(refused.exception)
