"""apps/evaluate.py is the same program as `swinsr evaluate`."""

import runpy
import sys
from pathlib import Path

import pytest

from tests.evaluation.conftest import pictures, write

SCRIPT = Path(__file__).parents[2] / "apps" / "evaluate.py"


def test_the_script_measures_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    write(tmp_path / "tiny" / "cat.png", pictures()["cat"])
    command = ["evaluate.py", "-m", "bicubic", "-s", "2", str(tmp_path / "tiny"), "--no-cache"]
    monkeypatch.setattr(sys, "argv", command)
    with pytest.raises(SystemExit) as ended:
        runpy.run_path(str(SCRIPT), run_name="__main__")
    assert not ended.value.code
    assert "| bicubic | tiny | x2 | Y |" in capsys.readouterr().out
