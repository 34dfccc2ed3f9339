"""What is loaded before a simple answer: nothing heavy, whatever the machine's speed."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

HEAVY = ("torch", "numpy", "PIL", "cv2", "rich", "gradio", "huggingface_hub", "swinsr.zoo")
SCRIPT = """
import json, sys
from swinsr.cli import main
try:
    main()
finally:
    print("\\n" + json.dumps([name for name in json.loads({heavy!r}) if name in sys.modules]))
"""


def loaded(folder: Path, *arguments: str, **variables: str) -> tuple[int, str, set[str]]:
    """Exit status, what was said, and the heavy modules that were loaded for it."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(heavy=json.dumps(HEAVY)), *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env={**os.environ, **variables},
    )
    *said, last = done.stdout.splitlines()
    return done.returncode, "\n".join(said) + done.stderr, set(json.loads(last))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    Image.new("RGB", (32, 24)).save(tmp_path / "in.png")
    (tmp_path / "in_x4.png").write_bytes(b"mine")
    (tmp_path / "text.png").write_text("no picture")
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--help",), "swinsr photo.jpg"),
        ((), "photo_x4.png"),
        (("upscale", "--help"), "Large pictures"),
        (("models", "--help"), "download"),
        (("clean", "--help"), "unfinished"),
    ],
)
def test_help_loads_nothing_heavy(folder: Path, arguments: tuple[str, ...], words: str) -> None:
    status, said, found = loaded(folder, *arguments)
    assert status == 0
    assert words in said
    assert found <= ({"swinsr.zoo"} if arguments[:1] == ("models",) else set())


@pytest.mark.parametrize(
    ("arguments", "words", "may"),
    [
        (("missing.png",), "there is no such file", {"numpy", "PIL", "cv2"}),
        (("nowhere/missing.png",), "nowhere/missing.png: there is no", {"numpy", "PIL", "cv2"}),
        (("upscale", "in.png"), "already there", set()),
        (("n" * 300 + ".png",), "too long", {"numpy", "PIL", "cv2"}),
        (("in.png", "-m", "n" * 300), "neither a known model", set()),
        (("in.png", "-o", "out.xyz"), "names no format", set()),
        (("in.png", "-o", "no/out.png"), "folder does not exist", set()),
        (("in.png", "-m", "swinsr-light-x44"), "did you mean", set()),
        (("text.png",), "not a PNG", {"numpy", "PIL", "cv2"}),
        (("in.png", "--tile", "64", "--overlap", "64"), "leaves nothing", set()),
        (("info", "swinsr-light-x44"), "did you mean", set()),
        (("export", "swinsr-light-x44", "x.onnx"), "did you mean", set()),
    ],
)
def test_simple_errors_come_before_torch(
    folder: Path, arguments: tuple[str, ...], words: str, may: set[str]
) -> None:
    status, said, found = loaded(folder, *arguments)
    assert status == 1
    assert words in said
    assert "Traceback" not in said
    assert found - {"swinsr.zoo"} <= may


@pytest.mark.parametrize(
    "line",
    ["swinsr upscale in.png --model swinsr-li", "swinsr info swinsr-li", "swinsr export swinsr-li"],
)
def test_names_of_models_are_completed_without_torch(folder: Path, line: str) -> None:
    place = str(line.count(" "))
    _, said, found = loaded(
        folder, _SWINSR_COMPLETE="complete_bash", COMP_WORDS=line, COMP_CWORD=place
    )
    assert {f"swinsr-light-x{scale}" for scale in (2, 3, 4)} == set(said.split())
    assert found <= {"swinsr.zoo"}


def test_names_of_commands_are_completed_without_torch(folder: Path) -> None:
    _, said, found = loaded(
        folder, _SWINSR_COMPLETE="complete_bash", COMP_WORDS="swinsr re", COMP_CWORD="1"
    )
    assert said.split() == ["restore"]
    assert not found & {"torch", "numpy", "gradio"}
