"""Packages import only downward: docs/architecture.md's ranks, read from the source itself."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "swinsr"

RANKS = {
    "version": 0,
    "errors": 0,
    "ops": 1,
    "image": 1,
    "tiling": 1,
    "nn": 2,
    "metrics": 2,
    "degradations": 2,
    "models": 3,
    "checkpoints": 4,
    "zoo": 5,
    "inference": 6,
    "files": 7,
    "evaluation": 8,
    "training": 8,
    "export": 8,
    "demo": 8,
    "integrations": 8,
    "cli": 9,
}
TOP = 10  # swinsr/__init__.py and __main__.py offer the public names of all the others
# The one import upward: docs/decisions/0006-from-pretrained.md.
UPWARD = {("models/pretrained.py", "swinsr.zoo.networks")}
NUMPY_ONLY = {"image", "tiling", "metrics"}


def rank_of(part: str) -> int:
    return TOP if part in ("__init__", "__main__") else RANKS[part]


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> list[str]:
    """Dotted names of every import in the file, those inside functions and by name too."""
    names: list[str] = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write the whole name"
            names += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            names += [node.value] if is_module(node.value) else []
    return names


def is_module(text: str) -> bool:
    """Whether a text names a module or package of ours, as an import by name would."""
    if re.fullmatch(r"swinsr(\.\w+)+", text) is None:
        return False
    path = ROOT.joinpath(*text.split("."))
    return path.is_dir() or path.with_suffix(".py").is_file()


FILES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_only_downward(path: Path) -> None:
    here = part_of(path)
    for name in imports_of(path):
        if not name.startswith("swinsr."):
            continue
        there = name.split(".")[1]
        if there.startswith("__") or there == here:
            continue
        if (path.relative_to(PACKAGE).as_posix(), name) in UPWARD:
            continue
        assert rank_of(there) < rank_of(here), f"{here} (rank {rank_of(here)}) imports {name}"


def test_imports_by_name_are_seen(tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text('import importlib\nimportlib.import_module("swinsr.zoo.hub")\n')
    assert "swinsr.zoo.hub" in imports_of(file)
    for place, name in UPWARD:  # an exception that nobody uses any more is to be struck out
        assert name in imports_of(PACKAGE / place)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_array_packages_do_not_import_torch(path: Path) -> None:
    if part_of(path) in NUMPY_ONLY:
        assert not [n for n in imports_of(path) if n.split(".")[0] == "torch"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_files_stay_small(path: Path) -> None:
    lines = len(path.read_text(encoding="utf-8").splitlines())
    assert lines <= 400 or path.name.endswith("_table.py"), f"{path}: {lines} lines"
