"""The small measuring programs run, on little, and tell by their status whether a target is met."""

import json
from pathlib import Path

import pytest

from benchmarks import answers, arrival, convolution, precision, scaling, startup
from swinsr.ops.native.library import kernels, unavailable


def run(module: object, monkeypatch: pytest.MonkeyPatch, *words: str) -> int:
    monkeypatch.setattr("sys.argv", ["program", *words])
    status: int = module.main()  # type: ignore[attr-defined]
    return status


def test_startup_compares_whole_processes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    taken = iter([9.0, 9.0, 1.0, 2.0, 1.0, 2.4])  # the first pair does not count
    monkeypatch.setattr(startup, "seconds", lambda command: next(taken))
    assert run(startup, monkeypatch, "--runs", "2", "-o", str(tmp_path)) == 0
    found = json.loads((tmp_path / "startup.json").read_text())
    assert found["ratio"] == pytest.approx(2.2)
    taken = iter([9.0, 9.0, 1.0, 2.6])
    assert run(startup, monkeypatch, "--runs", "1") == 1
    assert "ratio 2.60" in capsys.readouterr().out


def test_answers_are_held_to_their_bounds(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def measured(*, shown: float, wrong: float) -> int:
        def measure(command: tuple[str, ...], folder: Path) -> tuple[float, float]:
            if command == answers.TORCH:
                return 2.0, 1.5
            if command == answers.PASS:
                return 0.03, 0.02
            return (0.3, shown) if "--help" in command else (wrong, 0.3)

        monkeypatch.setattr(answers, "measure", measure)
        return run(answers, monkeypatch, "--runs", "1")

    assert measured(shown=0.26, wrong=0.9) == 0
    assert capsys.readouterr().out.count("0.45 times") == len(answers.ERRORS)
    assert measured(shown=0.28, wrong=0.9) == 1
    assert measured(shown=0.26, wrong=1.1) == 1


def test_an_arrival_is_held_to_its_bounds(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def judged(answer: float, presses: int, blocks: int) -> int:
        monkeypatch.setattr(arrival, "starts", lambda runs: (answer, 9.0))
        screen = {"pictures": 1, "blocks": blocks, "tables": 0}
        found = {"presses": {"wide": 2, "phone": presses}, "first_screen": screen}
        monkeypatch.setattr(arrival, "seen", lambda chromium: found)
        monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}")
        return run(arrival, monkeypatch, "--runs", "1", "-o", str(tmp_path))

    assert judged(4.9, 2, 1) == 0
    assert json.loads((tmp_path / "arrival.json").read_text())["answer"] == 4.9
    assert "phone: 2 (at most 2)" in capsys.readouterr().out
    assert judged(5.1, 2, 1) == 1
    assert judged(4.9, 3, 1) == 1
    assert judged(4.9, 2, 2) == 1
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert run(arrival, monkeypatch) == 0
    assert "were not counted" in capsys.readouterr().out


def test_scaling_compares_seconds_per_pixel(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    words = ("--small", "8", "--large", "16", "--runs", "1", "--no-memory", "-o", str(tmp_path))
    assert run(scaling, monkeypatch, "--network", "default", *words) in (0, 1)
    found = json.loads((tmp_path / "scaling-default-float32.json").read_text())
    small, large = found["seconds_per_pixel"].values()
    assert found["ratio"] == pytest.approx(large / small)


def test_precision_compares_every_bundled_model(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    found = {"float32": 30.0, "bfloat16": 29.985, "loss": 0.015, "within": 1.0}
    monkeypatch.setattr(precision, "compare", lambda *arguments: found)
    assert run(precision, monkeypatch, str(tmp_path), "-o", str(tmp_path)) == 1
    found["loss"] = 0.005
    assert run(precision, monkeypatch, str(tmp_path), "-o", str(tmp_path)) == 0
    assert "+0.0050" in (tmp_path / "precision.md").read_text()
    found["within"] = 0.998
    assert run(precision, monkeypatch, str(tmp_path)) == 1


@pytest.mark.skipif(bool(unavailable()), reason=unavailable())
def test_convolutions_that_err_are_not_timed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(convolution, monkeypatch, "--side", "16", "--repeats", "1") == 0
    assert "wrong" not in capsys.readouterr().out
    monkeypatch.setattr(convolution, "ALLOWED", 0.0)
    assert run(convolution, monkeypatch, "--side", "16", "--repeats", "1") == 0
    lines = capsys.readouterr().out.splitlines()[2:]
    if not kernels().bfloat16():
        assert lines.pop() == "this processor does not multiply bfloat16: not timed"
    precisions = 1 + kernels().bfloat16()
    assert len(lines) == precisions * len(convolution.LAYERS)
    assert all("wrong" in line for line in lines)
