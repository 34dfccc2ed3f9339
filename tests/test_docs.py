"""The guides say what the sources do."""

import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[1]
SOURCES = ("swinsr", "tests", "benchmarks", "apps", "integrations", "release", "docs", "examples")
KINDS = (".py", ".cpp", ".h", ".hpp", ".js", ".ipynb")
# Macros, a type of ComfyUI, and names that are made for a test, not variables that anyone sets.
NOT_VARIABLES = {"SWINSR_SOURCES", "SWINSR_MODEL", "SWINSR_"}


def test_every_environment_variable_is_listed() -> None:
    files = [p for folder in SOURCES for p in (ROOT / folder).rglob("*") if p.suffix in KINDS]
    files += [ROOT / name for name in ("hatch_build.py", "Dockerfile", "compose.yaml", ".ci/run")]
    used = {
        name
        for path in files
        if path != Path(__file__)
        for name in re.findall(r"\bSWINSR_[A-Z_]+\b", path.read_text(encoding="utf-8"))
    }
    listed = set(re.findall(r"`(SWINSR_[A-Z_]+)`", (ROOT / "docs/environment.md").read_text()))
    assert used - NOT_VARIABLES == listed


GUIDES = sorted(
    path.relative_to(ROOT) for path in [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
)


@pytest.mark.parametrize("guide", GUIDES, ids=str)
def test_files_that_a_guide_names_are_there(guide: Path) -> None:
    text = (ROOT / guide).read_text(encoding="utf-8")
    named = re.findall(
        r"`((?:swinsr|tests|docs|benchmarks|weights|recipes|apps)/[\w./-]+(?:\.\w+|/))`", text
    )
    missing = [name for name in named if not (ROOT / name.rstrip("/")).exists()]
    assert not missing


@pytest.mark.parametrize("guide", GUIDES, ids=str)
def test_modules_that_a_guide_names_are_there(guide: Path) -> None:
    text = (ROOT / guide).read_text(encoding="utf-8")
    missing = []
    for name in re.findall(r"`?\b(swinsr(?:\.[a-z_]\w*)+)", text):
        parts = name.split(".")
        # The last part may be a name within a module.
        places = [ROOT.joinpath(*parts), ROOT.joinpath(*parts[:-1])]
        if not any(place.is_dir() or place.with_suffix(".py").is_file() for place in places):
            missing.append(name)
    assert not missing


def test_every_example_of_the_library_guide_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 24, 3), np.uint8)
    picture = Image.fromarray(pixels)
    (tmp_path / "scans/box").mkdir(parents=True)
    names = ("photo.jpg", "map.tif", "grainy.png", "scans/a.png", "scans/box/b.jpg")
    for name in names:
        picture.save(tmp_path / name)
    frames = [Image.fromarray(np.roll(pixels, i, 1)) for i in range(3)]
    frames[0].save(
        tmp_path / "turning.webp", save_all=True, append_images=frames[1:], duration=[50, 70, 90]
    )
    monkeypatch.chdir(tmp_path)
    text = (ROOT / "docs/library.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert len(blocks) >= 6
    names_of_all = {"array": pixels, "picture": picture}
    for block in blocks:
        exec(block, names_of_all)
    sizes = {"photo_x2.png": (48, 32), "map_x4.tif": (96, 64), "clean.png": (24, 16)}
    for name, size in {
        **sizes,
        "bigger/a_x2.png": (48, 32),
        "bigger/box/b_x2.png": (48, 32),
    }.items():
        with Image.open(tmp_path / name) as made:
            assert made.size == size, name
    with Image.open(tmp_path / "turning_x2.webp") as made:
        durations = []
        for number in range(made.n_frames):
            made.seek(number)
            made.load()
            durations.append(made.info["duration"])
    assert durations == [50, 70, 90]


def run_example(guide: str, names: dict[str, Any] | None = None) -> None:
    """Run the one block of Python that a guide has."""
    text = (ROOT / f"docs/{guide}.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", text, re.S)
    exec(block, {} if names is None else names)


def test_the_example_of_the_guide_to_onnx_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("onnx", reason="onnx is not installed")
    pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")
    from tests.inference.test_onnx import nearest, picture

    monkeypatch.chdir(tmp_path)
    nearest(tmp_path / "network.onnx")
    Image.fromarray(picture(16, 24)).save("photo.png")
    run_example("onnx")
    with Image.open("photo_x2.png") as made:
        assert made.size == (48, 32)


def test_the_example_of_the_guide_to_the_server_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("uvicorn", reason="uvicorn is not installed")
    pytest.importorskip("prometheus_client", reason="prometheus_client is not installed")
    from tests.serve.test_serve import png, served

    monkeypatch.chdir(tmp_path)
    Path("cat.png").write_bytes(png())
    with served() as running:
        names = {"url": running.url}
        run_example("serve", names)
    with Image.open(io.BytesIO(names["result"])) as made:  # type: ignore[arg-type]
        assert made.size == (60, 40)


def test_the_example_of_the_guide_to_watching_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("watchfiles", reason="watchfiles is not installed")
    monkeypatch.chdir(tmp_path)
    Path("inbox").mkdir()
    Image.fromarray(np.zeros((8, 12, 3), np.uint8)).save("inbox/a.png")
    run_example("watch")
    with Image.open("bigger/a_x2.png") as made:
        assert made.size == (24, 16)


def test_the_example_of_the_guide_to_video_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("av", reason="PyAV is not installed")
    from tests.video.clips import make_clip, pictures

    monkeypatch.chdir(tmp_path)
    make_clip(tmp_path / "in.mp4", pictures(12))
    names: dict[str, Any] = {}
    run_example("video", names)
    assert names["record"].output_size == (128, 96)
    assert Path("out.mkv").is_file()


@pytest.mark.parametrize("guide", ["video", "onnx", "serve", "watch"])
def test_commands_of_a_guide_have_options_that_there_are(guide: str) -> None:
    from typer.main import get_command

    from swinsr.cli.commands import app

    group: Any = get_command(app)
    text = (ROOT / f"docs/{guide}.md").read_text(encoding="utf-8")
    lines = re.findall(r"^    swinsr (\w+) (.*)$", text, re.M)
    assert lines
    for name, rest in lines:
        known = {
            o for p in group.get_command(None, name).params for o in (*p.opts, *p.secondary_opts)
        }
        asked = re.findall(r"(?<=\s)(--?[a-z][\w-]*)", " " + rest.partition("#")[0])
        assert set(asked) <= known, (name, rest)
