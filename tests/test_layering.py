"""Packages import only downward: docs/architecture.md's ranks, read from the source itself."""

import ast
import re
import statistics
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "swinsr"

RANKS = {
    "version": 0,
    "errors": 0,
    "install": 0,
    "lazy": 0,
    "storage": 1,
    "ops": 2,
    "image": 2,
    "tiling": 2,
    "nn": 3,
    "metrics": 3,
    "notebook": 3,
    "degradations": 3,
    "models": 4,
    "checkpoints": 5,
    "zoo": 6,
    "runtime": 6,
    "inference": 7,
    "classify": 7,
    "files": 8,
    "evaluation": 9,
    "training": 9,
    "export": 9,
    "video": 9,
    "watch": 9,
    "demo": 9,
    "integrations": 9,
    "raster": 9,
    "cluster": 10,
    "serve": 10,
    "cli": 11,
}
TOP = 12  # swinsr/__init__.py and __main__.py offer the public names of all the others
# The one import upward: docs/decisions/0006-from-pretrained.md.
UPWARD = {("models/pretrained.py", "swinsr.zoo.networks")}
NUMPY_ONLY = {"image", "tiling", "metrics", "storage"}
TORCH = {"ops", "nn"}  # of lower rank, and of torch


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
IMPORTS = {path: imports_of(path) for path in FILES}
LONGEST, MEDIAN, MOST_IN_A_FOLDER = 400, 120, 16
# Data that is a table, not a program.
LONG = ("_table.py",)


def name_of(path: Path) -> str:
    """The module's dotted name."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def test_imports_only_downward() -> None:
    wrong = []
    for path, names in IMPORTS.items():
        here = part_of(path)
        for name in (n for n in names if n.startswith("swinsr.")):
            there = name.split(".")[1]
            exempt = (path.relative_to(PACKAGE).as_posix(), name) in UPWARD
            if there.startswith("__") or there == here or exempt:
                continue
            if rank_of(there) >= rank_of(here):
                wrong.append(f"{path}: {here} ({rank_of(here)}) imports {name} ({rank_of(there)})")
            if here in NUMPY_ONLY and there in TORCH:
                wrong.append(f"{path}: {here} is arrays alone and imports {name}")
        if here in NUMPY_ONLY and any(n.split(".")[0] == "torch" for n in names):
            wrong.append(f"{path}: {here} is arrays alone and imports torch")
    assert not wrong, "\n".join(wrong)


def test_modules_form_no_cycle() -> None:
    """Of imports when a module is loaded; those inside functions are none."""
    modules = {name_of(path): path for path in FILES}
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        found = set()
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ImportFrom) and node.module:
                for alias in node.names:
                    whole = f"{node.module}.{alias.name}"
                    found.add(whole if whole in modules else node.module)
        graph[name] = {n for n in found if n in modules and n != name}
    state: dict[str, int] = {}

    def visit(name: str, way: tuple[str, ...]) -> None:
        assert state.get(name) != 1, " -> ".join((*way, name))
        if name in state:
            return
        state[name] = 1
        for other in sorted(graph[name]):
            visit(other, (*way, name))
        state[name] = 2

    for name in sorted(graph):
        visit(name, ())


def test_files_and_folders_stay_small() -> None:
    lines = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    long = [
        f"{p}: {n} lines" for p, n in lines.items() if n > LONGEST and not p.name.endswith(LONG)
    ]
    assert not long, long
    assert statistics.median(n for n in lines.values() if n) <= MEDIAN
    counts = Counter(path.parent for path in FILES if path.name != "__init__.py")
    full = [f"{folder}: {n} files" for folder, n in counts.items() if n > MOST_IN_A_FOLDER]
    assert not full, full


def test_imports_by_name_are_seen(tmp_path: Path) -> None:
    file = tmp_path / "file.py"
    file.write_text('import importlib\nimportlib.import_module("swinsr.zoo.hub")\n')
    assert "swinsr.zoo.hub" in imports_of(file)
    for place, name in UPWARD:  # an exception that nobody uses any more is to be struck out
        assert name in imports_of(PACKAGE / place)
