"""What the terminal shows."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from swinsr.cli.views.evaluate import LineView, LiveView, make_table
from swinsr.evaluation import Request, evaluate
from tests.evaluation.conftest import pictures, write


def published_set(tmp_path: Path) -> str:
    for number in range(5):
        write(tmp_path / "Set5" / f"{number}.png", pictures()["cat"])
    return str(tmp_path / "Set5")


def test_the_table_fits_80_columns(tmp_path: Path) -> None:
    found = evaluate(["bicubic", "lanczos"], [published_set(tmp_path)], Request((2,)))
    console = Console(file=io.StringIO(), width=80, force_terminal=True, color_system=None)
    console.print(make_table(list(found.results)))
    lines = console.file.getvalue().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 3 and max(map(len, lines)) <= 80
    heads = ["Model", "Dataset", "Task", "On", "PSNR", "SSIM", "Paper", "Diff", "Pics", "s/pic"]
    assert lines[0].split() == heads
    assert "33.66" in lines[1] and "…" not in "".join(lines)


def test_the_live_view_ends_with_all_the_work_done(tmp_path: Path) -> None:
    folder = published_set(tmp_path)
    (Path(folder) / "0.png").write_bytes(b"no picture")
    console = Console(file=io.StringIO(), width=100, force_terminal=True)
    view = LiveView(console)
    with view.live:
        evaluate(["bicubic", "nearest"], [folder], Request((2,)), listener=view)
    (task,) = view.bar.tasks
    assert task.completed == pytest.approx(task.total)
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert text.count("0.png: not a PNG") == 1 and "has 5 pictures" not in text


def test_lines_name_a_failure_once_for_all_models(
    hr_set: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (hr_set / "broken.png").write_bytes(b"no picture")
    evaluate(["bicubic", "nearest"], [str(hr_set)], Request((2,)), listener=LineView(quiet=True))
    error = capsys.readouterr().err
    assert error.count("broken.png") == 1 and "note:" not in error
