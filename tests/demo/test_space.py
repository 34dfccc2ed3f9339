"""The Hugging Face Space: its header, what it needs, and that it starts as it is."""

import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.demo.test_opening import free_port

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).parents[2]
SPACE = ROOT / "apps" / "space"


def header() -> dict[str, str]:
    head = (SPACE / "README.md").read_text(encoding="utf-8").split("---\n")[1]
    rows = [line.split(": ", 1) for line in head.splitlines() if ": " in line]
    return {name: value.strip('"') for name, value in rows}


def test_its_header_says_what_a_space_needs() -> None:
    found = header()
    assert found["sdk"] == "gradio" and (SPACE / found["app_file"]).is_file()
    assert len(found["short_description"]) <= 60, "the Hub refuses a longer one"
    major, minor, _ = map(int, found["sdk_version"].split("."))
    assert (major, minor) >= (6, 31) and major < 7, "outside of what the extra demo takes"


def test_its_requirements_are_those_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {r.split(";")[0].strip() for r in project["dependencies"]} - {"tomli>=2.0"}
    for extra in ("demo", "heif"):
        wanted |= set(project["optional-dependencies"][extra])
    text = (SPACE / "requirements.txt").read_text(encoding="utf-8")
    assert {line for line in text.splitlines() if line and line[0] not in "#-"} == wanted


def test_the_folder_that_is_pushed_starts_by_itself(tmp_path: Path) -> None:
    pytest.importorskip("gradio", reason="the package gradio is missing")
    folder = tmp_path / "space"
    subprocess.run([sys.executable, SPACE / "make.py", folder], check=True)
    again = subprocess.run([sys.executable, SPACE / "make.py", folder], capture_output=True)
    assert again.returncode != 0 and b"is there already" in again.stderr
    port = free_port()
    environment = {n: v for n, v in os.environ.items() if n != "PYTHONPATH"} | {
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_SERVER_NAME": "127.0.0.1",
    }
    process = subprocess.Popen([sys.executable, "app.py"], cwd=folder, env=environment)
    answer: dict[str, object] = {}
    end = time.monotonic() + 120
    try:
        while answer.get("status") != "ok" and time.monotonic() < end and process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=10) as got:
                    answer = json.load(got)
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.2)
        assert answer.get("status") == "ok"
    finally:
        process.terminate()
        process.wait(60)
