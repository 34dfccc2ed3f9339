"""How the program speaks: error sentences without a full stop, docstrings in the field's words."""

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from swinsr import errors

PACKAGE = Path(__file__).parents[1] / "swinsr"
FILES = sorted(PACKAGE.rglob("*.py"))
ERRORS = {n for n, c in vars(errors).items() if inspect.isclass(c) and issubclass(c, Exception)}
# Where an error's sentence is given elsewhere, and errors that are defined beside what raises them.
ERRORS |= {"require", "TrainingError", "DamagedError", "UnsupportedError", "StoppedError"}
# Said of a callable or a reader where "notified with", "found" or a plain verb is meant.
WORDS = re.compile(r": told (the|what|how)\b|what became of|yields what is told", re.IGNORECASE)


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in FILES:
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def end(node: ast.expr) -> str:
    """How a sentence ends, where its end is a text."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return end(node.values[-1]) if node.values else ""
    return end(node.right) if isinstance(node, ast.BinOp) else ""


def test_error_sentences_have_no_full_stop() -> None:
    """Others put them into sentences of their own, and one rule is simpler than two."""
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                func = node.func
                name = func.id if isinstance(func, ast.Name) else func.attr
                if name in ERRORS and any(end(a).rstrip().endswith(".") for a in node.args):
                    found.append(f"{path.relative_to(PACKAGE)}:{node.lineno}")
    assert not found


def test_the_check_of_full_stops_finds_one() -> None:
    call = ast.parse('raise ConfigError(f"{a}: not that" " way.")').body[0]
    assert isinstance(call, ast.Raise) and isinstance(call.exc, ast.Call)
    assert end(call.exc.args[0]).endswith(".")


@pytest.mark.parametrize("kind", [ast.FunctionDef, ast.ClassDef, ast.Module])
def test_docstrings_say_it_in_the_fields_words(kind: type) -> None:
    found = []
    for path, tree in trees():
        for node in ast.walk(tree):
            text = ast.get_docstring(node) if isinstance(node, kind) else None
            if text is not None and (match := WORDS.search(text)):
                found.append(f"{path.relative_to(PACKAGE)}: {match[0]}")
    assert not found
