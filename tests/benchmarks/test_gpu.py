"""The GPU's benchmark runs on a CPU too, with what is installed and what is not."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import benchmarks.gpu.__main__ as program
from benchmarks.published import Unavailable, published_class

ROOT = Path(__file__).parents[2]
PUBLISHED = """
from timm.models.layers import DropPath, to_2tuple, trunc_normal_
from swinsr.models import from_published

def SwinIR(**config):
    network = from_published("swinir", config)
    forward = network.forward
    network.forward = lambda x: forward(x) + {error}
    return network
"""
# As torchvision does: once, and a second time ends in an error.
REAL = """
import torch
library = torch.library.Library("torchvision", "DEF")
library.define("nms(Tensor boxes, Tensor scores, float threshold) -> Tensor")
"""
# As torchvision does beside another build of torch.
BROKEN = """
import torch
torch.library.register_fake("torchvision::nms", lambda *_: None)
"""
SUPPLIED = """
import sys
from benchmarks.torchvision import supply_torchvision
supply_torchvision()
supply_torchvision()
import torchvision, torch
assert "torchvision" in sys.modules
print(torch.ops.torchvision.nms.default)
"""


def run(monkeypatch: pytest.MonkeyPatch, folder: Path, error: float) -> int:
    published = folder / "network_swinir.py"
    published.write_text(PUBLISHED.replace("{error}", str(error)))
    words = ["--device", "cpu", "--networks", "default", "--sizes", "16x8", "--runs", "1"]
    words += ["--batch", "1", "--patch", "8", "--published", str(published), "-o", str(folder)]
    monkeypatch.setattr(program, "PRODUCT", 16)
    monkeypatch.setattr("sys.argv", ["gpu", *words])
    return program.main()


def test_rows_come_with_the_published_file(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, tmp_path, 0.0) == 0
    rows = json.loads((tmp_path / "gpu.json").read_text())["rows"]
    assert [(r["precision"], r["program"]) for r in rows] == [
        ("float32", "published"),
        ("float32", "swinsr"),
        ("bfloat16", "published"),
        ("bfloat16", "swinsr"),
    ]
    assert all(len(r["milliseconds"]) == 1 for r in rows)
    assert "timm" not in sys.modules or sys.modules["timm"].__spec__ is not None
    printed = capsys.readouterr().out
    assert "training step, bundled x4, batch 1 of 8x8" in printed
    assert (tmp_path / "gpu.md").read_text() == printed


def test_a_program_that_is_wrong_is_not_timed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert run(monkeypatch, tmp_path, 0.5) == 1
    first = json.loads((tmp_path / "gpu.json").read_text())["rows"][0]
    assert "not timed" in first["problem"]
    assert not first["milliseconds"]


def test_a_published_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match=r"there is no file .*network_swinir\.py"):
        published_class("swinir", tmp_path / "network_swinir.py")


@pytest.mark.parametrize("package", [REAL, BROKEN], ids=["real", "broken"])
def test_torchvision_is_taken_as_it_is_and_supplied_where_it_fails(
    package: str, tmp_path: Path
) -> None:
    (tmp_path / "torchvision.py").write_text(package)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{SUPPLIED}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "torchvision.nms.default"
