"""Commands that the guides show are commands that there are, with options that there are."""

import re
import shlex
from pathlib import Path

import pytest
import typer

ROOT = Path(__file__).parents[1]
GUIDES = ("raster.md", "cluster.md")


def commands(guide: str) -> list[str]:
    text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
    return re.findall(r"^    swinsr (.+?)(?:\s{2,}#.*)?$", text, re.M)


@pytest.mark.parametrize("guide", GUIDES)
def test_commands_of_a_guide_are_understood(guide: str) -> None:
    from swinsr.cli.commands import app

    group = typer.main.get_command(app)
    lines = commands(guide)
    assert len(lines) >= 4
    for line in lines:
        name, *arguments = shlex.split(line)
        context = group.make_context("swinsr", [name, *arguments])
        command = group.get_command(context, name)
        assert command is not None, line
        command.make_context(name, arguments, parent=context)


@pytest.mark.parametrize("guide", GUIDES)
def test_python_of_a_guide_is_python(guide: str) -> None:
    text = (ROOT / "docs" / guide).read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    assert blocks
    for block in blocks:
        compile(block, guide, "exec")


def test_sizes_of_a_cluster_are_computed_from_what_was_measured() -> None:
    from benchmarks.sizing import tables

    assert tables() in (ROOT / "docs/cluster.md").read_text(encoding="utf-8")
